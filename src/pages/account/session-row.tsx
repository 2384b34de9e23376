// One session of a device. The current one has no button: signing out is beside the brand.
import type { FC } from 'hono/jsx'
import { ACCESS_TOKEN_SECONDS, MINUTE_SECONDS } from '../../domain/limits.ts'
import { Confirm } from '../confirm.tsx'
import { DeviceName, PlaceName } from '../device-text.tsx'
import { Fill } from '../fill.tsx'
import { Given } from '../given.tsx'
import { Moment } from '../moment.tsx'
import { texts } from '../texts.ts'
import type { AccountSession } from './account-session.ts'

/** More than passes between two refreshes of an app that is in use. */
const ACTIVE_NOW_SECONDS = ACCESS_TOKEN_SECONDS + 5 * MINUTE_SECONDS

export const isActive = (session: AccountSession, now: number): boolean =>
  now - session.lastSeenAt < ACTIVE_NOW_SECONDS

interface SessionRowProps {
  /** Unique on the page. */
  readonly id: string
  readonly csrfToken: string
  readonly session: AccountSession
  readonly now: number
}

export const SessionRow: FC<SessionRowProps> = ({ id, csrfToken, session, now }) => {
  const words = texts.account
  return (
    <li class="row">
      <div class="facts">
        <h3>
          <Given text={session.clientName} otherwise={texts.app} />
        </h3>
        {session.kind === 'third_party' && <p class="badge">{words.thirdParty}</p>}
        <p>
          <LastSeen session={session} now={now} />
        </p>
        <p class="hint">
          <Fill
            text={words.lifetime}
            values={{
              begin: <Moment at={session.createdAt} now={now} />,
              place: <PlaceName place={session.place} />,
              end: <Moment at={session.expiresAt} now={now} />,
            }}
          />
        </p>
      </div>
      {!session.current && <EndSession id={id} csrfToken={csrfToken} session={session} />}
    </li>
  )
}

const LastSeen: FC<{ readonly session: AccountSession; readonly now: number }> = ({ session, now }) => {
  const words = texts.account
  return isActive(session, now) ? (
    <span class="active">
      <Moment at={session.lastSeenAt} now={now}>
        {words.activeNow}
      </Moment>
    </span>
  ) : (
    <Fill text={words.lastActive} values={{ time: <Moment at={session.lastSeenAt} now={now} /> }} />
  )
}

const EndSession: FC<Omit<SessionRowProps, 'now'>> = ({ id, csrfToken, session }) => {
  const words = texts.account
  const device = <DeviceName device={session.device} />
  const client = <Given text={session.clientName} otherwise={texts.app} />
  return (
    <Confirm
      id={id}
      action="/account/sessions/end"
      csrfToken={csrfToken}
      hidden={{ session_id: session.id }}
      label={words.end}
      labelOf={<Fill text={words.endOf} values={{ client, device }} />}
      cancel={words.keep}
      question={<Fill text={words.endQuestion} values={{ client, device }} />}
      submit={words.endConfirm}
    />
  )
}
