// Initial access tokens (RFC 7591 §1.2), as operators made them.
import { all, first, run } from './d1.ts'

export interface RegistrationTokenRow {
  readonly id: string
  readonly secret_digest: string
  readonly description: string | null
  readonly created_at: number
  readonly expires_at: number
  readonly max_uses: number | null
  readonly uses: number
}

export const insertRegistrationToken = (db: D1Database, row: RegistrationTokenRow): Promise<number> =>
  run(
    db
      .prepare(
        `INSERT INTO registration_tokens (id, secret_digest, description, created_at, expires_at, max_uses, uses)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .bind(
        row.id,
        row.secret_digest,
        row.description,
        row.created_at,
        row.expires_at,
        row.max_uses,
        row.uses,
      ),
  )

export const listRegistrationTokens = (db: D1Database): Promise<RegistrationTokenRow[]> =>
  all(
    db.prepare(
      `SELECT id, secret_digest, description, created_at, expires_at, max_uses, uses
       FROM registration_tokens ORDER BY created_at, id`,
    ),
  )

export const findRegistrationToken = (db: D1Database, id: string): Promise<RegistrationTokenRow | null> =>
  first(
    db
      .prepare(
        `SELECT id, secret_digest, description, created_at, expires_at, max_uses, uses
         FROM registration_tokens WHERE id = ?`,
      )
      .bind(id),
  )

/** @returns false when there was none */
export const deleteRegistrationToken = async (db: D1Database, id: string): Promise<boolean> =>
  (await run(db.prepare('DELETE FROM registration_tokens WHERE id = ?').bind(id))) === 1
