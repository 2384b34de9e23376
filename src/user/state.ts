// What the object reads before it decides: one batch, nothing remembered between changes.
import type { UserState } from '../domain/commands.ts'
import { type ConsentRow, consentOf, selectConsents } from '../store/consents.ts'
import { batch } from '../store/d1.ts'
import { deviceTraceOf, type NewestRow, selectNewest } from '../store/events.ts'
import { listLiveSessions, type SessionRow, selectSessions, sessionOf } from '../store/sessions.ts'
import { preferencesOf, selectUser, type UserRow } from '../store/users.ts'

export interface LoadedState extends UserState {
  /** Of the newest entry of the log, to which the next is bound. */
  readonly lastDigest: string | null
}

/** @param entries how many of the newest of the log to read */
export async function loadState(db: D1Database, userId: string, entries = 1): Promise<LoadedState> {
  const [users, sessions, consents, newest] = await batch(db, [
    selectUser(db, userId),
    selectSessions(db, userId),
    selectConsents(db, userId),
    selectNewest(db, userId, entries),
  ])
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

/** Where the user is signed in now. Throws StorageUnavailable. */
export const listLiveIds = async (
  db: D1Database,
  userId: string,
  now: number,
): Promise<ReadonlySet<string>> =>
  new Set((await listLiveSessions(db, userId, now)).map(session => session.id))
