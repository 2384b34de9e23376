// The user's log: written first in every batch, read by the user and by whoever retries a change.
import type { Actor, UserEvent, UserEventType } from '../domain/events.ts'
import type { DeviceTrace } from '../domain/known-device.ts'
import type { Device, Place } from '../domain/session.ts'
import { all, first } from './d1.ts'
import { bindUser, type UserRef } from './user-ref.ts'

export interface LoggedEvent {
  readonly seq: number
  readonly type: UserEventType
  readonly at: number
  readonly sessionId: string | null
  readonly clientId: string | null
  readonly reason: string | null
  readonly by: Actor
  readonly device: Device | null
  readonly place: Place | null
}

export interface EventRow {
  readonly seq: number
  readonly type: UserEventType
  readonly at: number
  readonly session_id: string | null
  readonly client_id: string | null
  readonly reason: string | null
  readonly actor: string
  readonly device: string | null
  readonly place: string | null
}

const COLUMNS = 'seq, type, at, session_id, client_id, reason, actor, device, place'

export const loggedEventOf = (row: EventRow): LoggedEvent => ({
  seq: row.seq,
  type: row.type,
  at: row.at,
  sessionId: row.session_id,
  clientId: row.client_id,
  reason: row.reason,
  by: JSON.parse(row.actor) as Actor,
  device: row.device === null ? null : (JSON.parse(row.device) as Device),
  place: row.place === null ? null : (JSON.parse(row.place) as Place),
})

/** What the log keeps of an event. */
export const entryOf = (event: UserEvent): LoggedEvent => ({
  seq: event.seq,
  type: event.type,
  at: event.at,
  by: event.by,
  ...subjectOf(event),
})

function subjectOf(
  event: UserEvent,
): Pick<LoggedEvent, 'sessionId' | 'clientId' | 'reason' | 'device' | 'place'> {
  const none = { sessionId: null, clientId: null, reason: null, device: null, place: null }
  switch (event.type) {
    case 'session.created': {
      const { id: sessionId, clientId, device, place } = event.session
      return { ...none, sessionId, clientId, device, place }
    }
    case 'session.ended': {
      const { sessionId, clientId, reason, device, place } = event
      return { sessionId, clientId, reason, device, place }
    }
    case 'sign_in.refused': {
      const { clientId, reason, device, place } = event
      return { ...none, clientId, reason, device, place }
    }
    case 'consent.granted':
    case 'consent.withdrawn':
      return { ...none, clientId: event.clientId }
    case 'preference.changed':
    case 'email.changed':
    case 'user.disabled':
    case 'user.enabled':
    case 'user.deleted':
      return none
  }
}

export interface NewestRow {
  readonly seq: number
  readonly session_id: string | null
  readonly reason: string | null
  readonly marks: string | null
  readonly digest: string | null
}

/** The end of the log, newest first: where it goes on, and from which devices the user has signed in. */
export const selectNewest = (db: D1Database, user: UserRef, limit: number) =>
  db
    .prepare(
      `SELECT seq, session_id, reason, marks, digest FROM user_events
       WHERE user_id = coalesce(?1, (SELECT user_id FROM emails WHERE address = (SELECT address FROM sign_ins WHERE id = ?2)))
       ORDER BY seq DESC LIMIT ?3`,
    )
    .bind(...bindUser(user), limit)

export const marksOf = (row: { readonly marks: string | null }): readonly string[] =>
  row.marks === null ? [] : (JSON.parse(row.marks) as string[])

export const deviceTraceOf = (row: NewestRow): DeviceTrace => ({
  sessionId: row.session_id,
  reason: row.reason,
  marks: marksOf(row),
})

/** The event that carries an opId, whoever made it: the first use of an opId is its only one. */
export interface Cause {
  readonly userId: string
  readonly seq: number
  readonly firstSeq: number
  readonly type: UserEventType
  readonly sessionId: string | null
  readonly reason: string | null
}

/** One row by the index of op_id; null when nothing was done under it. */
export async function findCause(db: D1Database, opId: string): Promise<Cause | null> {
  const row = await first<{
    user_id: string
    seq: number
    first_seq: number | null
    type: UserEventType
    session_id: string | null
    reason: string | null
  }>(
    db
      .prepare('SELECT user_id, seq, first_seq, type, session_id, reason FROM user_events WHERE op_id = ?')
      .bind(opId),
  )
  if (row === null) return null
  return {
    userId: row.user_id,
    seq: row.seq,
    firstSeq: row.first_seq ?? row.seq,
    type: row.type,
    sessionId: row.session_id,
    reason: row.reason,
  }
}

/** The events of one change, in the order of the log. */
export async function listEventsOfChange(db: D1Database, cause: Cause): Promise<LoggedEvent[]> {
  const rows = await all<EventRow>(
    db
      .prepare(`SELECT ${COLUMNS} FROM user_events WHERE user_id = ? AND seq BETWEEN ? AND ? ORDER BY seq`)
      .bind(cause.userId, cause.firstSeq, cause.seq),
  )
  return rows.map(loggedEventOf)
}

/** The newest of what the log says of one session: its end, or its beginning while it is live. */
export async function findEventOfSession(
  db: D1Database,
  userId: string,
  sessionId: string,
): Promise<LoggedEvent | null> {
  const row = await first<EventRow>(
    db
      .prepare(
        `SELECT ${COLUMNS} FROM user_events
         WHERE user_id = ? AND session_id = ? AND type IN ('session.created', 'session.ended')
         ORDER BY seq DESC LIMIT 1`,
      )
      .bind(userId, sessionId),
  )
  return row === null ? null : loggedEventOf(row)
}

/** How a session ended. */
export interface SessionEnd {
  readonly ended: LoggedEvent
  /** The newest of what the log says of the session that ended it, perhaps itself; null when it was no session. */
  readonly ender: LoggedEvent | null
}

/**
 * One statement, backwards through the log: as far as the end, and as the beginning of a session that was live then.
 * null while the session is live, and for one that never was. Throws StorageUnavailable.
 */
export async function findSessionEnd(
  db: D1Database,
  userId: string,
  sessionId: string,
): Promise<SessionEnd | null> {
  // The bound on seq spares the search for an ender where there is none.
  const rows = await all<EventRow>(
    db
      .prepare(
        `WITH ending AS (
           SELECT ${COLUMNS} FROM user_events
           WHERE user_id = ?1 AND session_id = ?2 AND type = 'session.ended' ORDER BY seq DESC LIMIT 1),
         ender AS (
           SELECT ${COLUMNS} FROM user_events
           WHERE user_id = ?1 AND type IN ('session.created', 'session.ended')
             AND session_id = (SELECT actor ->> 'session_id' FROM ending)
             AND seq <= (SELECT iif(actor ->> 'session_id' IS NULL, 0, 9e15) FROM ending)
           ORDER BY seq DESC LIMIT 1)
         SELECT * FROM ending UNION ALL SELECT * FROM ender`,
      )
      .bind(userId, sessionId),
  )
  const found = rows.map(loggedEventOf)
  const ended = found.find(event => event.sessionId === sessionId)
  if (ended === undefined) return null
  const { by } = ended
  const ender = by.kind === 'session' ? found.find(event => event.sessionId === by.session_id) : undefined
  return { ended, ender: ender ?? null }
}

/** The user's log before `before` (exclusive), newest first. */
export async function listEvents(
  db: D1Database,
  userId: string,
  before: number | null,
  limit: number,
): Promise<LoggedEvent[]> {
  const rows = await all<EventRow>(
    db
      .prepare(`SELECT ${COLUMNS} FROM user_events WHERE user_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?`)
      .bind(userId, before ?? Number.MAX_SAFE_INTEGER, limit),
  )
  return rows.map(loggedEventOf)
}

/** Removes what is personal from a deleted user's log, and the salt by which its digest could be tried. */
export const scrubEvents = (db: D1Database, userId: string) =>
  db
    .prepare(
      `UPDATE user_events SET device = NULL, place = NULL, marks = NULL, details_salt = NULL
       WHERE user_id = ? AND (device IS NOT NULL OR place IS NOT NULL OR marks IS NOT NULL)`,
    )
    .bind(userId)
