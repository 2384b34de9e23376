// Ending sessions through a user's object; and an operator's sweep over one client's, in every shard, user by user.
import type { EndSessions } from '../domain/commands.ts'
import type { Actor } from '../domain/events.ts'
import { all } from '../store/d1.ts'
import { selectUsersOfClient } from '../store/sessions.ts'
import { randomId } from '../tokens/random.ts'
import { callUser } from '../user/call.ts'
import type { LoadedSessions } from '../user/state.ts'
import type { Parts } from './parts.ts'

const USERS_PER_READ = 100
const OPERATOR: Actor = { kind: 'operator' }

/**
 * Throws StorageUnavailable when it is unknown whether they ended; the same opId may be tried again.
 * @param seen of this user, by whoever had to read something of them anyway
 */
export const endSessionsOf = (
  parts: Pick<Parts, 'users'>,
  userId: string,
  change: Omit<EndSessions, 'type'>,
  now: number,
  seen: LoadedSessions | null = null,
) =>
  callUser(parts.users, userId, user =>
    user.endSessions(userId, { type: 'end_sessions', ...change }, now, seen),
  )

/** @returns how many sessions were ended */
export async function endSessionsOfClient(parts: Parts, clientId: string, now: number): Promise<number> {
  let ended = 0
  for (const db of parts.shards.all) {
    let after = ''
    for (;;) {
      const rows = await all<{ user_id: string }>(selectUsersOfClient(db, clientId, after, USERS_PER_READ))
      for (const { user_id: userId } of rows) ended += await endClientOfUser(parts, userId, clientId, now)
      const last = rows.at(-1)
      if (last === undefined || rows.length < USERS_PER_READ) break
      after = last.user_id
    }
  }
  return ended
}

async function endClientOfUser(parts: Parts, userId: string, clientId: string, now: number): Promise<number> {
  const selection = { kind: 'client', clientId } as const
  const change = { opId: randomId('op'), selection, reason: 'ended_by_operator', by: OPERATOR } as const
  const result = await endSessionsOf(parts, userId, change, now)
  return result.tag === 'ended' ? result.sessions.length : 0
}
