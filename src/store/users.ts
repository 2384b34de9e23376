// Users and their mail addresses. `users.email` is the truth; `emails` is the index from an address to its user, and
// lives in the shard of the address's own tag, which need not be the user's.
import { DEFAULT_PREFERENCES, type Preferences } from '../domain/preferences.ts'
import { batch, first } from './d1.ts'
import { bindUser, type UserRef } from './user-ref.ts'

export interface UserRow {
  readonly id: string
  readonly email: string
  readonly created_at: number
  readonly disabled_at: number | null
  readonly preferences: string
  readonly asks_code: 0 | 1
}

const COLUMNS = 'id, email, created_at, disabled_at, preferences, asks_code'

export const preferencesOf = (row: Pick<UserRow, 'preferences'>): Preferences => ({
  ...DEFAULT_PREFERENCES,
  ...(JSON.parse(row.preferences) as Partial<Preferences>),
})

export const selectUser = (db: D1Database, user: UserRef) =>
  db
    .prepare(
      `SELECT ${COLUMNS} FROM users
       WHERE id = coalesce(?1, (SELECT user_id FROM emails WHERE address = (SELECT address FROM sign_ins WHERE id = ?2)))`,
    )
    .bind(...bindUser(user))

export const findUser = (db: D1Database, id: string) => first<UserRow>(selectUser(db, id))

export const insertUser = (db: D1Database, id: string, email: string, at: number) =>
  db.prepare('INSERT INTO users (id, email, created_at) VALUES (?, ?, ?)').bind(id, email, at)

export const updateEmail = (db: D1Database, id: string, email: string) =>
  db.prepare('UPDATE users SET email = ? WHERE id = ?').bind(email, id)

export const updateDisabled = (db: D1Database, id: string, disabledAt: number | null) =>
  db.prepare('UPDATE users SET disabled_at = ? WHERE id = ?').bind(disabledAt, id)

export const updatePreferences = (db: D1Database, id: string, preferences: Preferences) =>
  db.prepare('UPDATE users SET preferences = ? WHERE id = ?').bind(JSON.stringify(preferences), id)

/** Writes nothing where it is so already. */
export const updateAsksCode = (db: D1Database, id: string, asks: boolean) =>
  db.prepare('UPDATE users SET asks_code = ?2 WHERE id = ?1 AND asks_code <> ?2').bind(id, asks ? 1 : 0)

export const deleteUser = (db: D1Database, id: string) =>
  db.prepare('DELETE FROM users WHERE id = ?').bind(id)

export const insertEmail = (db: D1Database, address: string, userId: string, at: number) =>
  db.prepare('INSERT INTO emails (address, user_id, verified_at) VALUES (?, ?, ?)').bind(address, userId, at)

/** Takes the address unless somebody has it. @returns who has it now */
export async function takeEmail(
  db: D1Database,
  address: string,
  userId: string,
  at: number,
): Promise<string> {
  const results = await batch(db, [
    db
      .prepare(
        `INSERT INTO emails (address, user_id, verified_at) VALUES (?, ?, ?)
         ON CONFLICT (address) DO NOTHING`,
      )
      .bind(address, userId, at),
    selectUserIdByAddress(db, address),
  ])
  const [row] = (results[1]?.results ?? []) as unknown as { user_id: string }[]
  return row?.user_id ?? userId
}

export const deleteEmail = (db: D1Database, address: string, userId: string) =>
  db.prepare('DELETE FROM emails WHERE address = ? AND user_id = ?').bind(address, userId)

const selectUserIdByAddress = (db: D1Database, address: string) =>
  db.prepare('SELECT user_id FROM emails WHERE address = ?').bind(address)

/** What the index says; only the user's own row can say whether it is so. */
export async function findUserIdByAddress(db: D1Database, address: string): Promise<string | null> {
  const row = await first<{ user_id: string }>(selectUserIdByAddress(db, address))
  return row?.user_id ?? null
}
