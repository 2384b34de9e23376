// Entries of the user's log, in words.
import type { FC } from 'hono/jsx'
import type { EndReason, SignInRefused, UserEventType } from '../../domain/events.ts'
import { DAY_SECONDS } from '../../domain/limits.ts'
import type { Device, Place } from '../../domain/session.ts'
import { DeviceName, PlaceName } from '../device-text.tsx'
import { Fill } from '../fill.tsx'
import { Given } from '../given.tsx'
import { exactTime, Moment } from '../moment.tsx'
import { texts } from '../texts.ts'

export interface LogEntry {
  readonly type: UserEventType
  /** Seconds. */
  readonly at: number
  /** Of an end or a refusal. */
  readonly reason: EndReason | SignInRefused['reason'] | null
  readonly clientName: string | null
  readonly device: Device | null
  readonly place: Place | null
  /** What the user did it from, where that is another device than the entry's own, and known. */
  readonly from: Device | null
}

interface LogEntriesProps {
  readonly entries: readonly LogEntry[]
  readonly now: number
}

export const LogEntries: FC<LogEntriesProps> = ({ entries, now }) => (
  <ol class="card rows log">
    {entries.map(entry => (
      <li class={isWorrying(entry) ? 'row worrying' : 'row'}>
        <p>
          <Fill
            text={sentenceOf(entry)}
            values={{ client: <Given text={entry.clientName ?? ''} otherwise={texts.app} /> }}
          />
        </p>
        <p class="hint">
          <When at={entry.at} now={now} />
          {entry.device !== null && (
            <>
              {' · '}
              <DeviceName device={entry.device} />
            </>
          )}
          {entry.place !== null && (
            <>
              {' · '}
              <PlaceName place={entry.place} />
            </>
          )}
          {entry.from !== null && (
            <>
              {' · '}
              <Fill text={texts.log.from} values={{ device: <DeviceName device={entry.from} /> }} />
            </>
          )}
        </p>
      </li>
    ))}
  </ol>
)

/** The exact time as well, once "3 days ago" would leave somebody guessing. */
const When: FC<{ readonly at: number; readonly now: number }> = ({ at, now }) => (
  <>
    <Moment at={at} now={now} />
    {now - at >= DAY_SECONDS && ` (${exactTime(at)})`}
  </>
)

function sentenceOf({ type, reason }: LogEntry): string {
  const { ended, refused, done } = texts.log
  if (type === 'session.ended') return ended[reason as EndReason]
  if (type === 'sign_in.refused') return refused[reason as SignInRefused['reason']]
  return done[type]
}

/** What somebody should look at who did not do it. */
const isWorrying = ({ type, reason }: LogEntry): boolean =>
  type === 'sign_in.refused' || ['not_me', 'refresh_reused', 'code_reused'].includes(reason ?? '')
