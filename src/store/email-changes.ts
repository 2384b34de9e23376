// Changes of address under way, in the user's own shard: one for each user. A row goes only when the index of
// addresses has been put right, so it also says what is left to do after a crash.
import type { EmailChange } from '../domain/email-change.ts'
import { WRONG_CODES_LIMIT } from '../domain/limits.ts'
import { all, batch, first } from './d1.ts'

interface EmailChangeRow {
  readonly id: string
  readonly user_id: string
  readonly session_id: string
  readonly former_address: string
  readonly address: string
  readonly code_digest: string
  readonly wrong_codes: number
  readonly expires_at: number
}

const COLUMNS = 'id, user_id, session_id, former_address, address, code_digest, wrong_codes, expires_at'

const emailChangeOf = (row: EmailChangeRow): EmailChange => ({
  id: row.id,
  userId: row.user_id,
  sessionId: row.session_id,
  formerAddress: row.former_address,
  address: row.address,
  codeDigest: row.code_digest,
  wrongCodes: row.wrong_codes,
  expiresAt: row.expires_at,
})

export const insertEmailChange = (db: D1Database, change: EmailChange) =>
  db
    .prepare(`INSERT INTO email_changes (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
    .bind(
      change.id,
      change.userId,
      change.sessionId,
      change.formerAddress,
      change.address,
      change.codeDigest,
      change.wrongCodes,
      change.expiresAt,
    )

const selectEmailChange = (db: D1Database, userId: string) =>
  db.prepare(`SELECT ${COLUMNS} FROM email_changes WHERE user_id = ?`).bind(userId)

export async function findEmailChange(db: D1Database, userId: string): Promise<EmailChange | null> {
  const row = await first<EmailChangeRow>(selectEmailChange(db, userId))
  return row === null ? null : emailChangeOf(row)
}

/** Counts the try if the code's digest is none of these, and reads the change, in one transaction. Only the asking session can try. */
export async function tryEmailCode(
  db: D1Database,
  userId: string,
  sessionId: string,
  codeDigests: readonly string[],
): Promise<EmailChange | null> {
  const results = await batch(db, [
    db
      .prepare(
        `UPDATE email_changes SET wrong_codes = wrong_codes + 1
         WHERE user_id = ? AND session_id = ? AND wrong_codes < ?
           AND code_digest NOT IN (SELECT value FROM json_each(?))`,
      )
      .bind(userId, sessionId, WRONG_CODES_LIMIT, JSON.stringify(codeDigests)),
    selectEmailChange(db, userId),
  ])
  const [row] = (results[1]?.results ?? []) as unknown as EmailChangeRow[]
  return row === undefined ? null : emailChangeOf(row)
}

/** From here on nothing can come of it any more: a trigger on the log refuses its event. */
export const closeEmailChange = (db: D1Database, userId: string) =>
  db.prepare('UPDATE email_changes SET expires_at = 0 WHERE user_id = ? AND expires_at > 0').bind(userId)

/**
 * The last change of a user who is about to be deleted: to no address. Settling it takes the user's address out of the
 * index, and both of a change that was under way.
 */
export const insertLastEmailChange = (db: D1Database, userId: string) =>
  db
    .prepare(
      `INSERT INTO email_changes (user_id, id, session_id, former_address, address, code_digest, expires_at)
       SELECT id, 'last', '', email, email, printf('%043d', 0), 0 FROM users WHERE id = ?
       ON CONFLICT (user_id) DO UPDATE SET expires_at = 0,
         former_address = iif(address = excluded.address, former_address, excluded.address)`,
    )
    .bind(userId)

export interface ClosedEmailChange {
  readonly change: EmailChange
  /** The user's address, whether or not the change came about. */
  readonly email: string | null
}

/** Closes what is under way and reads what has become of it, in one transaction; null when there is nothing. */
export async function closeAndFind(db: D1Database, userId: string): Promise<ClosedEmailChange | null> {
  const results = await batch(db, [
    closeEmailChange(db, userId),
    db
      .prepare(
        `SELECT ${COLUMNS}, (SELECT email FROM users WHERE users.id = email_changes.user_id) AS email
         FROM email_changes WHERE user_id = ?`,
      )
      .bind(userId),
  ])
  const [row] = (results[1]?.results ?? []) as unknown as (EmailChangeRow & { email: string | null })[]
  return row === undefined ? null : { change: emailChangeOf(row), email: row.email }
}

export const deleteEmailChange = (db: D1Database, { userId, id }: Pick<EmailChange, 'userId' | 'id'>) =>
  db.prepare('DELETE FROM email_changes WHERE user_id = ? AND id = ?').bind(userId, id)

/** Whose change has run out, come about, or been called off. */
export async function listUsersOfEndedChanges(db: D1Database, now: number, limit: number): Promise<string[]> {
  const rows = await all<{ user_id: string }>(
    db.prepare('SELECT user_id FROM email_changes WHERE expires_at <= ? LIMIT ?').bind(now, limit),
  )
  return rows.map(row => row.user_id)
}
