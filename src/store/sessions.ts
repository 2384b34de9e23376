// Live sessions. Prefix scans of (user_id, id).
import type { SessionCreated } from '../domain/events.ts'
import {
  type Device,
  isLive,
  type Place,
  type Session,
  type SignedInWith,
  type StartedIn,
} from '../domain/session.ts'
import { all } from './d1.ts'
import { bindUser, type UserRef } from './user-ref.ts'

export interface SessionRow {
  readonly user_id: string
  readonly id: string
  readonly client_id: string
  readonly client_kind: Session['clientKind']
  readonly scope: string
  readonly signed_in_with: string
  readonly started_in: StartedIn
  readonly device: string
  readonly place: string
  readonly created_at: number
  readonly created_seq: number
  readonly recognized_from: number | null
  readonly last_seen_at: number
  readonly last_seen_ms: number
  readonly expires_at: number
  readonly absolute_expires_at: number
}

const COLUMNS = `user_id, id, client_id, client_kind, scope, signed_in_with, started_in, device, place,
  created_at, created_seq, last_seen_at, expires_at, absolute_expires_at, recognized_from, last_seen_ms`

export function sessionOf(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    clientId: row.client_id,
    clientKind: row.client_kind,
    scope: row.scope,
    signedInWith: JSON.parse(row.signed_in_with) as SignedInWith[],
    startedIn: row.started_in,
    device: JSON.parse(row.device) as Device,
    place: JSON.parse(row.place) as Place,
    createdAt: row.created_at,
    createdSeq: row.created_seq,
    recognizedFrom: row.recognized_from,
    lastSeenAt: row.last_seen_at,
    lastSeenMs: row.last_seen_ms,
    expiresAt: row.expires_at,
    absoluteExpiresAt: row.absolute_expires_at,
  }
}

export const selectSessions = (db: D1Database, user: UserRef) =>
  db
    .prepare(
      `SELECT ${COLUMNS} FROM sessions
       WHERE user_id = coalesce(?1, (SELECT user_id FROM emails WHERE address = (SELECT address FROM sign_ins WHERE id = ?2)))`,
    )
    .bind(...bindUser(user))

/** Where the user is signed in now. Throws StorageUnavailable. */
export const listLiveSessions = async (db: D1Database, userId: string, now: number): Promise<Session[]> =>
  (await all<SessionRow>(selectSessions(db, userId))).map(sessionOf).filter(session => isLive(session, now))

export type MarkedSessionRow = SessionRow & { readonly marks: string | null }

/** With the marks of each one's sign-in, which the log keeps: one row more for each. */
export const selectMarkedSessions = (db: D1Database, userId: string) =>
  db
    .prepare(
      `SELECT ${COLUMNS}, (SELECT marks FROM user_events WHERE user_id = sessions.user_id AND seq = created_seq) AS marks
       FROM sessions WHERE user_id = ?`,
    )
    .bind(userId)

export const selectSession = (db: D1Database, userId: string, id: string) =>
  db.prepare(`SELECT ${COLUMNS}, secret_digest FROM sessions WHERE user_id = ? AND id = ?`).bind(userId, id)

export interface ActivityCursor {
  readonly lastSeenAt: number
  readonly lastSeenMs: number
  readonly createdSeq: number
}

/** Live sessions, newest activity first, after the cursor. */
export const selectSessionPage = (
  db: D1Database,
  userId: string,
  now: number,
  after: ActivityCursor | null,
  limit: number,
) =>
  db
    .prepare(
      `SELECT ${COLUMNS} FROM sessions
       WHERE user_id = ?1 AND expires_at > ?2 AND (last_seen_at, last_seen_ms, created_seq) < (?3, ?4, ?5)
       ORDER BY last_seen_at DESC, last_seen_ms DESC, created_seq DESC LIMIT ?6`,
    )
    .bind(
      userId,
      now,
      after?.lastSeenAt ?? Number.MAX_SAFE_INTEGER,
      after?.lastSeenMs ?? Number.MAX_SAFE_INTEGER,
      after?.createdSeq ?? Number.MAX_SAFE_INTEGER,
      limit,
    )

export function insertSession(db: D1Database, userId: string, event: SessionCreated) {
  const { session, at } = event
  return db
    .prepare(
      `INSERT INTO sessions (${COLUMNS}, session_limit, generation, secret_digest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, 1, ?)`,
    )
    .bind(
      userId,
      session.id,
      session.clientId,
      session.clientKind,
      session.scope,
      JSON.stringify(session.signedInWith),
      session.startedIn,
      JSON.stringify(session.device),
      JSON.stringify(session.place),
      at,
      event.seq,
      at,
      event.expiresAt,
      event.absoluteExpiresAt,
      session.startedMs,
      event.sessionLimit,
      session.secretDigest,
    )
}

export const deleteSessions = (db: D1Database, userId: string, ids: readonly string[]) =>
  db
    .prepare('DELETE FROM sessions WHERE user_id = ?1 AND id IN (SELECT value FROM json_each(?2))')
    .bind(userId, JSON.stringify(ids))

/** Moves a browser session's last activity forward. Changes nothing that has ended. */
export const touchSession = (
  db: D1Database,
  session: Pick<Session, 'userId' | 'id'>,
  { lastSeenAt, lastSeenMs, expiresAt }: Pick<Session, 'lastSeenAt' | 'lastSeenMs' | 'expiresAt'>,
) =>
  db
    .prepare(
      `UPDATE sessions SET last_seen_at = ?3, last_seen_ms = ?4, expires_at = ?5
       WHERE user_id = ?1 AND id = ?2 AND expires_at > ?3`,
    )
    .bind(session.userId, session.id, lastSeenAt, lastSeenMs, expiresAt)

/**
 * Says that a session was its user's doing, in one that began before it. A session that was itself spoken for speaks in the
 * name of whoever did; what was said in the name of an earlier one stays.
 */
export const recognizeSession = (
  db: D1Database,
  by: Pick<Session, 'userId' | 'id' | 'createdSeq' | 'recognizedFrom'>,
  id: string,
  now: number,
) =>
  db
    .prepare(
      `UPDATE sessions SET recognized_from = ?5
       WHERE user_id = ?1 AND id = ?2 AND created_seq > ?6 AND (recognized_from IS NULL OR recognized_from > ?5)
         AND EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND id = ?3 AND expires_at > ?4)`,
    )
    .bind(by.userId, id, by.id, now, by.recognizedFrom ?? by.createdSeq, by.createdSeq)

/** Users with a live session of one client, for an operator's sweep. */
export const selectUsersOfClient = (db: D1Database, clientId: string, afterUserId: string, limit: number) =>
  db
    .prepare(
      'SELECT DISTINCT user_id FROM sessions WHERE client_id = ? AND user_id > ? ORDER BY user_id LIMIT ?',
    )
    .bind(clientId, afterUserId, limit)
