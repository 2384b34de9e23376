// A device, and everything that is signed in on it.
import type { FC } from 'hono/jsx'
import { Confirm } from '../confirm.tsx'
import { DeviceName, DeviceSoftware } from '../device-text.tsx'
import { Fill } from '../fill.tsx'
import { DeviceIcon } from '../icons.tsx'
import { counted } from '../plural.ts'
import { texts } from '../texts.ts'
import type { AccountSession } from './account-session.ts'
import { SessionRow } from './session-row.tsx'

interface DeviceCardProps {
  /** Unique on the page. */
  readonly id: string
  readonly csrfToken: string
  /** At least one; the first is the one to name the device by. */
  readonly sessions: readonly AccountSession[]
  readonly now: number
}

export const DeviceCard: FC<DeviceCardProps> = ({ id, csrfToken, sessions, now }) => {
  const [first] = sessions
  if (first === undefined) return null
  const isCurrent = sessions.some(session => session.current)
  return (
    <article class={isCurrent ? 'card device-card current' : 'card device-card'} aria-labelledby={id}>
      <div class="device-head">
        <DeviceIcon kind={first.device.kind} />
        <div>
          <h2 id={id}>
            <DeviceName device={first.device} />
          </h2>
          <DeviceSoftware device={first.device} />
        </div>
        {isCurrent && <p class="badge">{texts.account.thisOne}</p>}
      </div>
      <ul class="rows">
        {sessions.map((session, at) => (
          <SessionRow id={`${id}-${at}`} csrfToken={csrfToken} session={session} now={now} />
        ))}
      </ul>
      {!isCurrent && sessions.length > 1 && <EndDevice id={id} csrfToken={csrfToken} sessions={sessions} />}
    </article>
  )
}

/** A lost phone is one thing, however many apps are signed in on it. */
const EndDevice: FC<Omit<DeviceCardProps, 'now'>> = ({ id, csrfToken, sessions }) => {
  const words = texts.account.endDevice
  const device = sessions[0] && <DeviceName device={sessions[0].device} />
  return (
    <Confirm
      id={`${id}-all`}
      action="/account/devices/end"
      csrfToken={csrfToken}
      hidden={{ session_ids: sessions.map(session => session.id).join(' ') }}
      label={counted(words.label, sessions.length)}
      labelOf={<Fill text={words.labelOf} values={{ device }} />}
      cancel={texts.account.cancel}
      question={<Fill text={words.question} values={{ device }} />}
      submit={words.submit}
    />
  )
}
