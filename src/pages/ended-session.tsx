// To whoever was signed in here: that the session has ended, why, when, by whom, and what to do if that was not them.
import type { FC } from 'hono/jsx'
import type { EndReason } from '../domain/events.ts'
import type { Device, Place } from '../domain/session.ts'
import { DeviceDetail, DeviceName } from './device-text.tsx'
import { Fill } from './fill.tsx'
import { Given } from './given.tsx'
import { DeviceIcon } from './icons.tsx'
import { Moment } from './moment.tsx'
import { texts } from './texts.ts'

export interface EndedSessionProps {
  readonly reason: EndReason
  /** Seconds, as is `now`. */
  readonly at: number
  readonly now: number
  /** The user's own setting that ends one session for another, where that is why. */
  readonly setting: 'one_device' | 'one_session_per_client' | null
  /** Where the user was signed in that ended it; null when nobody did, or from this very session. */
  readonly by: { readonly clientName: string; readonly device: Device; readonly place: Place } | null
}

export const EndedSession: FC<EndedSessionProps> = ({ reason, at, now, setting, by }) => {
  const words = texts.endedSession
  const { what, next } = reason === 'not_me' && by !== null ? words.notMeElsewhere : words.reasons[reason]
  return (
    <section class="notice ended" aria-labelledby="ended">
      <h2 id="ended">{words.title}</h2>
      <p>
        <Fill text={what} values={{ time: <Moment at={at} now={now} /> }} />
        {setting !== null && <> {words.settings[setting]}</>}
      </p>
      {by !== null && (
        <div class="card alone">
          <DeviceIcon kind={by.device.kind} />
          <div class="facts">
            <h3>
              <DeviceName device={by.device} />
            </h3>
            <p>
              <DeviceDetail device={by.device} place={by.place} />
            </p>
            <p class="hint">
              <Fill
                text={words.signedInTo}
                values={{ client: <Given text={by.clientName} otherwise={texts.app} /> }}
              />
            </p>
          </div>
        </div>
      )}
      <p>{next}</p>
    </section>
  )
}
