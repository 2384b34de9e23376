// What a change is decided on: read in one batch, by the object or just before it is called, and never remembered.
import type { Command, SessionsState, StateOf, UserState } from '../domain/commands.ts'
import { KNOWN_DEVICE_ENTRIES } from '../domain/limits.ts'
import { type ConsentRow, consentOf, selectConsents } from '../store/consents.ts'
import { batch } from '../store/d1.ts'
import { deviceTraceOf, type NewestRow, selectNewest } from '../store/events.ts'
import { listLiveSessions, type SessionRow, selectSessions, sessionOf } from '../store/sessions.ts'
import type { UserRead } from '../store/user-read.ts'
import type { UserRef } from '../store/user-ref.ts'
import { preferencesOf, selectUser, type UserRow } from '../store/users.ts'

export type Loaded<State extends SessionsState> = State & {
  /** Of the newest entry of the log, to which the next is bound. */
  readonly lastDigest: string | null
}
export type LoadedSessions = Loaded<SessionsState>
export type LoadedState = Loaded<UserState>

/** What this command is decided on. */
export function loadFor<C extends Command>(
  db: D1Database,
  userId: string,
  { type }: C,
): Promise<Loaded<StateOf<C>>> {
  const loading: Promise<LoadedSessions> =
    type === 'end_sessions'
      ? loadSessions(db, userId)
      : loadState(db, userId, type === 'start_session' ? KNOWN_DEVICE_ENTRIES : 1)
  return loading as Promise<Loaded<StateOf<C>>>
}

/** @param entries how many of the newest of the log to read */
export const loadState = async (db: D1Database, userId: string, entries = 1): Promise<LoadedState> =>
  stateOf(userId, await batch(db, selectState(db, userId, entries)))

const loadSessions = async (db: D1Database, userId: string): Promise<LoadedSessions> =>
  sessionsStateOf(userId, await batch(db, selectSessionsState(db, userId, 1)))

/** For whoever reads something of the user anyway. */
export const STATE: UserRead<LoadedState> = {
  statements: (db, userId) => selectState(db, userId, 1),
  found: stateOf,
}

/** Likewise, before sessions are ended. */
export const SESSIONS: UserRead<LoadedSessions> = {
  statements: (db, userId) => selectSessionsState(db, userId, 1),
  found: sessionsStateOf,
}

/** What a change is decided on: one statement for each part. */
export const selectState = (db: D1Database, user: UserRef, entries: number): D1PreparedStatement[] => [
  ...selectSessionsState(db, user, entries),
  selectUser(db, user),
  selectConsents(db, user),
]

const selectSessionsState = (db: D1Database, user: UserRef, entries: number): D1PreparedStatement[] => [
  selectSessions(db, user),
  selectNewest(db, user, entries),
]

/** @param results of `selectState` */
export function stateOf(userId: string, results: readonly D1Result[]): LoadedState {
  const [, , users, consents] = results
  const [user] = (users?.results ?? []) as unknown as UserRow[]
  return {
    ...sessionsStateOf(userId, results),
    user:
      user === undefined
        ? null
        : {
            email: user.email,
            disabledAt: user.disabled_at,
            preferences: preferencesOf(user),
            asksForCode: user.asks_code === 1,
          },
    consents: ((consents?.results ?? []) as unknown as ConsentRow[]).map(consentOf),
    traces: newestOf(results).map(deviceTraceOf),
  }
}

function sessionsStateOf(userId: string, results: readonly D1Result[]): LoadedSessions {
  const [newest] = newestOf(results)
  return {
    userId,
    sessions: ((results[0]?.results ?? []) as unknown as SessionRow[]).map(sessionOf),
    lastSeq: newest?.seq ?? 0,
    lastDigest: newest?.digest ?? null,
  }
}

const newestOf = ([, newest]: readonly D1Result[]) => (newest?.results ?? []) as unknown as NewestRow[]

/** Of an id that was just made. */
export const stateOfNobody = (userId: string): LoadedState => stateOf(userId, [])

/** Where the user is signed in now. Throws StorageUnavailable. */
export const listLiveIds = async (
  db: D1Database,
  userId: string,
  now: number,
): Promise<ReadonlySet<string>> =>
  new Set((await listLiveSessions(db, userId, now)).map(session => session.id))
