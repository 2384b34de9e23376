// Load, decide, apply in one batch. A violated constraint means that somebody else wrote first, or that this
// very change was made already; a lost answer means that it may have been. Both are settled from the log.
import type {
  ChangeEmailResult,
  Command,
  EndResult,
  ResultOf,
  StartResult,
  StateOf,
} from '../domain/commands.ts'
import { decide } from '../domain/decide.ts'
import { OBJECT_ATTEMPTS } from '../domain/limits.ts'
import { batch, ConstraintViolated, StorageUnavailable } from '../store/d1.ts'
import { type Cause, entryOf, findCause, type LoggedEvent, listEventsOfChange } from '../store/events.ts'
import { storedEventOf } from '../store/linked-events.ts'
import { statements } from '../store/statements.ts'
import { linkEvents } from '../tokens/event-chain.ts'
import type { Secrets } from '../tokens/secrets.ts'
import type { Outcome } from './outcome.ts'
import { type Loaded, loadFor } from './state.ts'

/** What a change came to, and the entries that it made in the log, also when the answer to its commit was lost. */
export interface Applied<Result> {
  readonly outcome: Outcome<Result>
  readonly entries: readonly LoggedEvent[]
  /** Whether the entries were there before: somebody else's change, or an earlier attempt at this one. */
  readonly isRepeat: boolean
}

/** The deployment's, for what binds each entry of a log to the one before. */
export type ChainKey = Pick<Secrets, 'mac'>

/**
 * @param seen what was read of this user just before: it spares reading it, and is not to be trusted any more than what
 *   is read here, since the batch fails when somebody has changed something meanwhile
 */
export async function applyChange<C extends Command>(
  db: D1Database,
  userId: string,
  command: C,
  now: number,
  key: ChainKey,
  seen: Loaded<StateOf<C>> | null = null,
): Promise<Applied<ResultOf<C>>> {
  // Of an attempt whose answer was lost nobody knows: what is found in the log then may be ours.
  let isUnsure = false
  let view = seen
  for (let attempt = 0; attempt < OBJECT_ATTEMPTS; attempt++) {
    try {
      const state = view ?? (await loadFor(db, userId, command))
      const { events, result } = decide(state, command, now)
      // Where nothing is written, nothing would tell that the view was an old one.
      const isUnproven = view !== null && events.length === 0
      view = null
      if (isUnproven) continue
      if (events.length === 0) {
        const known = await replayOf(db, userId, command)
        return known === null ? without(result) : { ...known, isRepeat: !isUnsure }
      }
      try {
        const links = await linkEvents(key, userId, state.lastDigest, events.map(storedEventOf))
        await batch(db, statements(db, userId, events, links))
        return { outcome: result, entries: events.map(entryOf), isRepeat: false }
      } catch (error) {
        isUnsure ||= error instanceof StorageUnavailable
        const known = await replayOf(db, userId, command)
        if (known !== null) return { ...known, isRepeat: !isUnsure }
        const refusal = refusalOf(error, userId)
        if (refusal !== null) return without(refusal as Outcome<ResultOf<C>>)
        if (!(error instanceof ConstraintViolated || error instanceof StorageUnavailable)) throw error
      }
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error
    }
  }
  return without({ tag: 'unavailable' })
}

/** An outcome that left nothing in the log. */
export const without = <Tagged>(outcome: Tagged) => ({ outcome, entries: [], isRepeat: false })

/** What a constraint says that refuses for good, not only an outdated view. */
function refusalOf(error: unknown, userId: string): Outcome<ChangeEmailResult> | null {
  if (!(error instanceof ConstraintViolated)) return null
  const { message } = error
  if (message.includes('emails.address')) return { tag: 'address_taken' }
  if (message.includes('email_change_over')) return { tag: 'change_over' }
  // By another user: the address has changed hands.
  if (message.includes('sign_in_claimed')) return { tag: 'spent', userId, sessionId: null }
  return null
}

/** What the change did the first time, if its opId is in the log. */
async function replayOf<C extends Command>(
  db: D1Database,
  userId: string,
  command: C,
): Promise<Applied<ResultOf<C>> | null> {
  const cause = await findCause(db, command.opId)
  if (cause === null) return null
  const entries = await listEventsOfChange(db, cause)
  const outcome = replay(userId, command, cause, entries) as Outcome<ResultOf<C>>
  // What was spent by another request is that request's change, perhaps another user's.
  return outcome.tag === 'spent' ? without(outcome) : { outcome, entries, isRepeat: true }
}

function replay(
  userId: string,
  command: Command,
  cause: Cause,
  events: readonly LoggedEvent[],
): Outcome<StartResult | EndResult | ChangeEmailResult> {
  const endedFor = (reason: string) =>
    events.flatMap(event =>
      event.type === 'session.ended' && event.reason === reason && event.sessionId !== null
        ? [event.sessionId]
        : [],
    )
  switch (command.type) {
    case 'start_session':
      if (cause.type === 'sign_in.refused' && cause.userId === userId) {
        return {
          tag: 'refused',
          why: cause.reason === 'user_disabled' ? 'user_disabled' : 'session_limit_reached',
        }
      }
      if (cause.sessionId !== command.session.id) {
        return { tag: 'spent', userId: cause.userId, sessionId: cause.sessionId }
      }
      // The same session id means the same request: its answer was lost, its work was not. Whether a notice was due
      // is not in the log; if it was, its row is there, and cron delivers it.
      return {
        tag: 'started',
        sessionId: command.session.id,
        replaced: endedFor('replaced'),
        isNoticeDue: false,
      }
    case 'end_sessions':
      return { tag: 'ended', sessions: endedFor(command.reason) }
    case 'change_email':
      return { tag: 'changed_before' }
    case 'set_preferences':
    case 'set_disabled':
    case 'grant_consent':
    case 'withdraw_consent':
    case 'delete_account':
      return { tag: 'changed' }
  }
}
