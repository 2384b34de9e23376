// An operator's sweep over one client's sessions, in every shard, user by user.

import { all } from '../store/d1.ts'
import { selectUsersOfClient } from '../store/sessions.ts'
import { randomId } from '../tokens/random.ts'
import { callUser } from '../user/call.ts'
import type { Parts } from './parts.ts'

const USERS_PER_READ = 100

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
  const opId = randomId('op')
  const result = await callUser(parts.users, userId, user =>
    user.endSessions(
      userId,
      {
        type: 'end_sessions',
        opId,
        selection: { kind: 'client', clientId },
        reason: 'ended_by_operator',
        by: { kind: 'operator' },
      },
      now,
    ),
  )
  return result.tag === 'ended' ? result.sessions.length : 0
}
