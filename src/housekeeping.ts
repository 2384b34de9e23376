// What cron does: mails that wait are tried again, sessions that have run out are ended, spent rows removed.
import { EXPIRE_CHUNK_SESSIONS, PURGE_CHUNK_ROWS, RETENTION_PAST_EXPIRY_SECONDS } from './domain/limits.ts'
import { log } from './notify/log.ts'
import type { Parts } from './sign-in/parts.ts'
import { deleteExpiredBuckets, deleteOldRetirements } from './store/buckets.ts'
import { all, batch } from './store/d1.ts'
import { deleteExpiredOutbox } from './store/outbox.ts'
import { selectUsersWithExpiredSessions } from './store/sessions.ts'
import { deleteExpiredSignIns } from './store/sign-ins.ts'
import { callUser } from './user/call.ts'

/** One bounded run. A part that fails is logged and does not stop the others. */
export async function keepHouse(parts: Parts, now: number): Promise<void> {
  // Shards side by side: a slow one must not let another's mails wait, nor their leases begin in the past.
  await Promise.all(parts.shards.all.map(db => keepShard(parts, db, now)))
}

async function keepShard(parts: Parts, db: D1Database, now: number): Promise<void> {
  await attempt('outbox', () => parts.outbox.deliverDue(db, now))
  await attempt('expired sessions', () => endExpiredSessions(parts, db, now))
  await attempt('purge', () => purge(db, now))
}

async function endExpiredSessions(parts: Parts, db: D1Database, now: number): Promise<void> {
  const users = await all<{ user_id: string }>(selectUsersWithExpiredSessions(db, now, EXPIRE_CHUNK_SESSIONS))
  for (const { user_id: userId } of users) {
    const opId = `expire:${userId}:${now}`
    // The decision itself ends what has expired; nothing else is selected.
    const selection = { kind: 'others', clientId: '' } as const
    await callUser(parts.users, userId, user =>
      user.endSessions(
        userId,
        { type: 'end_sessions', opId, selection, reason: 'expired', by: { kind: 'system' } },
        now,
      ),
    )
  }
}

async function purge(db: D1Database, now: number): Promise<void> {
  const before = now - RETENTION_PAST_EXPIRY_SECONDS
  await batch(db, [
    deleteExpiredBuckets(db, before, PURGE_CHUNK_ROWS),
    deleteOldRetirements(db, before, PURGE_CHUNK_ROWS),
    deleteExpiredSignIns(db, before, PURGE_CHUNK_ROWS),
    deleteExpiredOutbox(db, before, PURGE_CHUNK_ROWS),
  ])
}

async function attempt(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    log('error', {
      event: 'housekeeping.failed',
      what,
      error: error instanceof Error ? error.name : 'unknown',
    })
  }
}
