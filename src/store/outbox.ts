// Mails that wait: sealed, leased to one sender at a time, removed once delivered.
import { OUTBOX_LEASE_SECONDS } from '../domain/limits.ts'
import type { WaitingMail } from '../domain/waiting-mail.ts'
import { all, first, run } from './d1.ts'

export interface OutboxRow {
  readonly id: string
  readonly sealed: string
  readonly attempts: number
  readonly expires_at: number
}

const COLUMNS = 'id, sealed, attempts, expires_at'

/** The writer's own attempt is the first. */
export const insertOutbox = (db: D1Database, mail: WaitingMail) =>
  db
    .prepare(`INSERT INTO outbox (${COLUMNS}, next_attempt_at, created_at) VALUES (?, ?, 1, ?, ?, ?)`)
    .bind(mail.id, mail.sealed, mail.expiresAt, mail.leasedUntil, createdAt(mail))

/** A mail is born leased. */
export const createdAt = ({ leasedUntil }: WaitingMail): number => leasedUntil - OUTBOX_LEASE_SECONDS

/** How many mails wait, and since when the oldest does; null where none does. Throws StorageUnavailable. */
export const countWaiting = async (
  db: D1Database,
  now: number,
): Promise<{ readonly count: number; readonly since: number | null }> =>
  (await first<{ count: number; since: number | null }>(
    db
      .prepare('SELECT count(*) AS count, min(created_at) AS since FROM outbox WHERE expires_at > ?')
      .bind(now),
  )) ?? { count: 0, since: null }

/** Ids that are due and not expired: those first that failed least, so that a backlog holds up nothing new. */
export async function listDue(db: D1Database, now: number, limit: number): Promise<string[]> {
  const rows = await all<{ id: string }>(
    db
      .prepare(
        `SELECT id FROM outbox WHERE next_attempt_at <= ?1 AND expires_at > ?1
         ORDER BY attempts, id LIMIT ?2`,
      )
      .bind(now, limit),
  )
  return rows.map(row => row.id)
}

/** Takes a due mail for one sender; null when another has it. */
export const claim = (
  db: D1Database,
  id: string,
  now: number,
  leaseUntil: number,
): Promise<OutboxRow | null> =>
  first<OutboxRow>(
    db
      .prepare(
        `UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ?
         WHERE id = ? AND next_attempt_at <= ? RETURNING ${COLUMNS}`,
      )
      .bind(leaseUntil, id, now),
  )

export const reschedule = (db: D1Database, id: string, nextAttemptAt: number): Promise<number> =>
  run(db.prepare('UPDATE outbox SET next_attempt_at = ? WHERE id = ?').bind(nextAttemptAt, id))

export const remove = (db: D1Database, id: string): Promise<number> =>
  run(db.prepare('DELETE FROM outbox WHERE id = ?').bind(id))

export const deleteExpiredOutbox = (db: D1Database, before: number, limit: number) =>
  db
    .prepare('DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE expires_at < ? LIMIT ?)')
    .bind(before, limit)
