// Changes of address under way, in the user's own shard: one for each user. A row goes only when the index of
// addresses has been put right, so it also says what is left to do after a crash.
import type { EmailChange } from '../domain/email-change.ts'
import { WRONG_CODES_LIMIT } from '../domain/limits.ts'
import { all, batch, first } from './d1.ts'
import { selectUser, type UserRow } from './users.ts'

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

/** From the address that the user has now. */
export const insertEmailChange = (db: D1Database, change: Omit<EmailChange, 'formerAddress'>) =>
  db
    .prepare(
      `INSERT INTO email_changes (${COLUMNS})
       VALUES (?1, ?2, ?3, (SELECT email FROM users WHERE id = ?2), ?4, ?5, ?6, ?7)`,
    )
    .bind(
      change.id,
      change.userId,
      change.sessionId,
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
export const closeEmailChange = (db: D1Database, userId: string, address: string | null = null) =>
  db
    .prepare(
      `UPDATE email_changes SET expires_at = 0
       WHERE user_id = ?1 AND address = coalesce(?2, address) AND expires_at > 0`,
    )
    .bind(userId, address)

/**
 * The last change of a user who is about to be deleted: to no address. Settling it takes the user's address out of the
 * index, and both of a change that was under way. It has an id of its own, so that nobody who is settling that one takes
 * it away.
 */
export const insertLastEmailChange = (db: D1Database, userId: string) =>
  db
    .prepare(
      `INSERT INTO email_changes (user_id, id, session_id, former_address, address, code_digest, expires_at)
       SELECT id, 'last', '', email, email, printf('%043d', 0), 0 FROM users WHERE id = ?
       ON CONFLICT (user_id) DO UPDATE SET id = excluded.id, expires_at = 0,
         former_address = iif(address = excluded.address, former_address, excluded.address)`,
    )
    .bind(userId)

/** Closes what is under way and reads what has become of it, in one transaction. @param address only a change to this one */
export async function closeAndFind(
  db: D1Database,
  userId: string,
  address: string | null,
): Promise<{ readonly change: EmailChange | null; readonly email: string | null }> {
  const [, changes, users] = await batch(db, [
    closeEmailChange(db, userId, address),
    db
      .prepare(`SELECT ${COLUMNS} FROM email_changes WHERE user_id = ?1 AND address = coalesce(?2, address)`)
      .bind(userId, address),
    selectUser(db, userId),
  ])
  const [change] = (changes?.results ?? []) as unknown as EmailChangeRow[]
  const [user] = (users?.results ?? []) as unknown as UserRow[]
  return { change: change === undefined ? null : emailChangeOf(change), email: user?.email ?? null }
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
