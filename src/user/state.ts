// What a change is decided on: read in one batch, by the object or just before it is called, and never remembered.
import type { UserState } from '../domain/commands.ts'
import { type ConsentRow, consentOf, selectConsents } from '../store/consents.ts'
import { batch } from '../store/d1.ts'
import { deviceTraceOf, type NewestRow, selectNewest } from '../store/events.ts'
import { listLiveSessions, type SessionRow, selectSessions, sessionOf } from '../store/sessions.ts'
import type { UserRead } from '../store/user-read.ts'
import type { UserRef } from '../store/user-ref.ts'
import { preferencesOf, selectUser, type UserRow } from '../store/users.ts'

export interface LoadedState extends UserState {
  /** Of the newest entry of the log, to which the next is bound. */
  readonly lastDigest: string | null
}

/** @param entries how many of the newest of the log to read */
export const loadState = async (db: D1Database, userId: string, entries = 1): Promise<LoadedState> =>
  stateOf(userId, await batch(db, selectState(db, userId, entries)))

/** The same for whoever reads something of the user anyway. */
export const STATE: UserRead<LoadedState> = {
  statements: (db, userId) => selectState(db, userId, 1),
  found: stateOf,
}

/** What a change is decided on: one statement for each part. */
export const selectState = (db: D1Database, user: UserRef, entries: number): D1PreparedStatement[] => [
  selectUser(db, user),
  selectSessions(db, user),
  selectConsents(db, user),
  selectNewest(db, user, entries),
]

/** @param results of `selectState` */
export function stateOf(
  userId: string,
  [users, sessions, consents, newest]: readonly D1Result[],
): LoadedState {
  const [user] = (users?.results ?? []) as unknown as UserRow[]
  const log = (newest?.results ?? []) as unknown as NewestRow[]
  return {
    userId,
    user:
      user === undefined
        ? null
        : {
            email: user.email,
            disabledAt: user.disabled_at,
            preferences: preferencesOf(user),
            asksForCode: user.asks_code === 1,
          },
    sessions: ((sessions?.results ?? []) as unknown as SessionRow[]).map(sessionOf),
    consents: ((consents?.results ?? []) as unknown as ConsentRow[]).map(consentOf),
    lastSeq: log[0]?.seq ?? 0,
    lastDigest: log[0]?.digest ?? null,
    traces: log.map(deviceTraceOf),
  }
}

/** Of an id that was just made. */
export const stateOfNobody = (userId: string): LoadedState => stateOf(userId, [])

/** Where the user is signed in now. Throws StorageUnavailable. */
export const listLiveIds = async (
  db: D1Database,
  userId: string,
  now: number,
): Promise<ReadonlySet<string>> =>
  new Set((await listLiveSessions(db, userId, now)).map(session => session.id))
