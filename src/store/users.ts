// Users and their mail addresses. An address lives in the shard of its own tag.
import { DEFAULT_PREFERENCES, type Preferences } from '../domain/preferences.ts'
import { first } from './d1.ts'

export interface UserRow {
  readonly id: string
  readonly email: string
  readonly created_at: number
  readonly disabled_at: number | null
  readonly preferences: string
}

const COLUMNS = 'id, email, created_at, disabled_at, preferences'

export const preferencesOf = (row: Pick<UserRow, 'preferences'>): Preferences => ({
  ...DEFAULT_PREFERENCES,
  ...(JSON.parse(row.preferences) as Partial<Preferences>),
})

export const selectUser = (db: D1Database, id: string) =>
  db.prepare(`SELECT ${COLUMNS} FROM users WHERE id = ?`).bind(id)

export const findUser = (db: D1Database, id: string) => first<UserRow>(selectUser(db, id))

export const insertUser = (db: D1Database, id: string, email: string, at: number) =>
  db.prepare('INSERT INTO users (id, email, created_at) VALUES (?, ?, ?)').bind(id, email, at)

export const updateDisabled = (db: D1Database, id: string, disabledAt: number | null) =>
  db.prepare('UPDATE users SET disabled_at = ? WHERE id = ?').bind(disabledAt, id)

export const updatePreferences = (db: D1Database, id: string, preferences: Preferences) =>
  db.prepare('UPDATE users SET preferences = ? WHERE id = ?').bind(JSON.stringify(preferences), id)

export const deleteUser = (db: D1Database, id: string) =>
  db.prepare('DELETE FROM users WHERE id = ?').bind(id)

export const insertEmail = (db: D1Database, address: string, userId: string, at: number) =>
  db.prepare('INSERT INTO emails (address, user_id, verified_at) VALUES (?, ?, ?)').bind(address, userId, at)

export const deleteEmail = (db: D1Database, address: string, userId: string) =>
  db.prepare('DELETE FROM emails WHERE address = ? AND user_id = ?').bind(address, userId)

export async function findUserIdByAddress(db: D1Database, address: string): Promise<string | null> {
  const row = await first<{ user_id: string }>(
    db.prepare('SELECT user_id FROM emails WHERE address = ?').bind(address),
  )
  return row?.user_id ?? null
}
