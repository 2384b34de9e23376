// One place where someone is signed in. The current one is marked and has no button: signing out is beside the brand.
import type { FC } from 'hono/jsx'
import { MINUTE_SECONDS } from '../../domain/limits.ts'
import type { ClientKind, Device, Place } from '../../domain/session.ts'
import { Confirm } from '../confirm.tsx'
import { DeviceDetail, DeviceName } from '../device-text.tsx'
import { Fill } from '../fill.tsx'
import { DeviceIcon } from '../icons.tsx'
import { Moment } from '../moment.tsx'
import { texts } from '../texts.ts'

const ACTIVE_NOW_SECONDS = 5 * MINUTE_SECONDS

export interface AccountSession {
  readonly id: string
  readonly current: boolean
  readonly clientId: string
  readonly clientName: string
  readonly kind: ClientKind
  readonly device: Device
  readonly place: Place
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
}

interface SessionCardProps {
  /** Unique on the page. */
  readonly id: string
  readonly csrfToken: string
  readonly session: AccountSession
  readonly now: number
}

export const SessionCard: FC<SessionCardProps> = ({ id, csrfToken, session, now }) => {
  const words = texts.account
  return (
    <li class={session.current ? 'card current' : 'card'}>
      <DeviceIcon kind={session.device.kind} />
      <div class="facts">
        <h3>
          <DeviceName device={session.device} />
        </h3>
        {session.current && <p class="badge">{words.thisOne}</p>}
        <p>
          <DeviceDetail device={session.device} place={session.place} />
        </p>
        <LastSeen at={session.lastSeenAt} now={now} />
        <p class="hint">
          <Fill
            text={words.lifetime}
            values={{
              begin: <Moment at={session.createdAt} now={now} />,
              end: <Moment at={session.expiresAt} now={now} />,
            }}
          />
        </p>
      </div>
      {!session.current && <EndSession id={id} csrfToken={csrfToken} session={session} />}
    </li>
  )
}

const LastSeen: FC<{ readonly at: number; readonly now: number }> = ({ at, now }) =>
  now - at < ACTIVE_NOW_SECONDS ? (
    <p class="active">
      <Moment at={at} now={now}>
        {texts.account.activeNow}
      </Moment>
    </p>
  ) : (
    <p>
      <Fill text={texts.account.lastActive} values={{ time: <Moment at={at} now={now} /> }} />
    </p>
  )

const EndSession: FC<Omit<SessionCardProps, 'now'>> = ({ id, csrfToken, session }) => {
  const words = texts.account
  const device = <DeviceName device={session.device} />
  return (
    <Confirm
      id={id}
      action="/account/sessions/end"
      csrfToken={csrfToken}
      hidden={{ session_id: session.id }}
      label={words.end}
      labelOf={<Fill text={words.endOf} values={{ device }} />}
      cancel={words.keep}
      question={<Fill text={words.endQuestion} values={{ device }} />}
      submit={words.endConfirm}
    />
  )
}
