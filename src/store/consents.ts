// What users have allowed third-party clients.
import type { Consent } from '../domain/consent.ts'
import { all, first } from './d1.ts'
import { bindUser, type UserRef } from './user-ref.ts'

export interface ConsentRow {
  readonly client_id: string
  readonly scope: string
  readonly granted_at: number
}

export const consentOf = (row: ConsentRow): Consent => ({
  clientId: row.client_id,
  scope: row.scope,
  grantedAt: row.granted_at,
})

export const selectConsents = (db: D1Database, user: UserRef) =>
  db
    .prepare(
      `SELECT client_id, scope, granted_at FROM consents
       WHERE user_id = coalesce(?1, (SELECT user_id FROM emails WHERE address = (SELECT address FROM sign_ins WHERE id = ?2)))`,
    )
    .bind(...bindUser(user))

export const listConsents = (db: D1Database, userId: string) => all<ConsentRow>(selectConsents(db, userId))

export async function findConsent(db: D1Database, userId: string, clientId: string): Promise<Consent | null> {
  const row = await first<ConsentRow>(
    db
      .prepare('SELECT client_id, scope, granted_at FROM consents WHERE user_id = ? AND client_id = ?')
      .bind(userId, clientId),
  )
  return row === null ? null : consentOf(row)
}

export const upsertConsent = (db: D1Database, userId: string, clientId: string, scope: string, at: number) =>
  db
    .prepare(
      `INSERT INTO consents (user_id, client_id, scope, granted_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (user_id, client_id) DO UPDATE SET scope = excluded.scope, granted_at = excluded.granted_at`,
    )
    .bind(userId, clientId, scope, at)

export const deleteConsent = (db: D1Database, userId: string, clientId: string) =>
  db.prepare('DELETE FROM consents WHERE user_id = ? AND client_id = ?').bind(userId, clientId)
