// The user's log: written first in every batch, read by the user and by whoever retries a change.
import type { Actor, UserEvent, UserEventType } from '../domain/events.ts'
import { SESSIONS_PER_USER_MAX } from '../domain/limits.ts'
import type { Device, Place } from '../domain/session.ts'
import { all } from './d1.ts'

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

interface EventRow {
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

/** One change ends at most every session of a user, and these stand right before its cause. */
const CHANGE_EVENTS_MAX = SESSIONS_PER_USER_MAX

const COLUMNS = 'seq, type, at, session_id, client_id, reason, actor, device, place'

const loggedEventOf = (row: EventRow): LoggedEvent => ({
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

export function insertEvent(db: D1Database, userId: string, event: UserEvent) {
  const about = subjectOf(event)
  return db
    .prepare(
      `INSERT INTO user_events (user_id, op_id, cause_seq, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      userId,
      event.opId,
      event.causeSeq,
      event.seq,
      event.type,
      event.at,
      about.sessionId,
      about.clientId,
      about.reason,
      JSON.stringify(event.by),
      about.device === null ? null : JSON.stringify(about.device),
      about.place === null ? null : JSON.stringify(about.place),
    )
}

function subjectOf(
  event: UserEvent,
): Pick<LoggedEvent, 'sessionId' | 'clientId' | 'reason' | 'device' | 'place'> {
  const none = { sessionId: null, clientId: null, reason: null, device: null, place: null }
  switch (event.type) {
    case 'session.created':
      return { ...none, ...event.session, sessionId: event.session.id }
    case 'session.ended':
      return event
    case 'sign_in.refused':
      return { ...none, ...event }
    case 'preference.changed':
    case 'user.disabled':
    case 'user.enabled':
      return none
  }
}

export const selectLastSeq = (db: D1Database, userId: string) =>
  db.prepare('SELECT seq FROM user_events WHERE user_id = ? ORDER BY seq DESC LIMIT 1').bind(userId)

/** The events of one change, wherever in the shard it was made: its first use of an op_id is its only one. */
export async function findEventsOfOperation(
  db: D1Database,
  opId: string,
): Promise<{ userId: string; events: LoggedEvent[] } | null> {
  const rows = await all<EventRow & { user_id: string }>(
    db
      .prepare(
        `SELECT e.user_id, e.seq, e.type, e.at, e.session_id, e.client_id, e.reason, e.actor, e.device, e.place
         FROM user_events cause JOIN user_events e
           ON e.user_id = cause.user_id AND e.seq BETWEEN cause.seq - ?2 AND cause.seq
         WHERE cause.op_id = ?1 AND (e.seq = cause.seq OR e.cause_seq = cause.seq) ORDER BY e.seq`,
      )
      .bind(opId, CHANGE_EVENTS_MAX),
  )
  const [head] = rows
  return head === undefined ? null : { userId: head.user_id, events: rows.map(loggedEventOf) }
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

/** Removes a deleted user's log. */
export const deleteEvents = (db: D1Database, userId: string) =>
  db.prepare('DELETE FROM user_events WHERE user_id = ?').bind(userId)
