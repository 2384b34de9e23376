// The log to the letter: each entry as it is written, with the link that binds it to those before it.
import type { UserEvent } from '../domain/events.ts'
import { all } from './d1.ts'
import { type EventRow, entryOf } from './events.ts'

/** An entry to the letter, as it is written and as its digest is made. */
export interface StoredEvent extends EventRow {
  readonly op_id: string | null
  readonly first_seq: number | null
  readonly marks: string | null
}

/** What binds an entry to those before it (tokens/event-chain.ts). */
export interface EventLink {
  readonly digest: string
  readonly details_digest: string | null
  readonly details_salt: string | null
}

/** Without a digest when it is older than digests are. */
export type LinkedEvent = StoredEvent & Omit<EventLink, 'digest'> & { readonly digest: string | null }

export function storedEventOf(event: UserEvent): StoredEvent {
  const { seq, type, at, sessionId, clientId, reason, by, device, place } = entryOf(event)
  return {
    seq,
    type,
    at,
    session_id: sessionId,
    client_id: clientId,
    reason,
    actor: JSON.stringify(by),
    device: device === null ? null : JSON.stringify(device),
    place: place === null ? null : JSON.stringify(place),
    op_id: event.opId,
    first_seq: event.firstSeq,
    marks: event.type === 'session.created' ? JSON.stringify(event.marks) : null,
  }
}

const LINKED =
  'seq, type, at, session_id, client_id, reason, actor, device, place, op_id, first_seq, marks, digest, details_digest, details_salt'

/** The events of one change, each with its link, in one statement however many they are. */
export function insertEvents(
  db: D1Database,
  userId: string,
  events: readonly UserEvent[],
  links: readonly EventLink[],
) {
  const rows = events.map((event, index) => ({ ...storedEventOf(event), ...links[index] }))
  return db
    .prepare(
      `INSERT INTO user_events (user_id, ${LINKED})
       SELECT ?1, value ->> 'seq', value ->> 'type', value ->> 'at', value ->> 'session_id', value ->> 'client_id',
         value ->> 'reason', value ->> 'actor', value ->> 'device', value ->> 'place', value ->> 'op_id',
         value ->> 'first_seq', value ->> 'marks', value ->> 'digest', value ->> 'details_digest',
         value ->> 'details_salt'
       FROM json_each(?2) ORDER BY key`,
    )
    .bind(userId, JSON.stringify(rows))
}

/** The log after a number, oldest first. Throws StorageUnavailable. */
export const listLinkedEvents = (
  db: D1Database,
  userId: string,
  after: number,
  limit: number,
): Promise<LinkedEvent[]> =>
  all<LinkedEvent>(
    db
      .prepare(`SELECT ${LINKED} FROM user_events WHERE user_id = ? AND seq > ? ORDER BY seq LIMIT ?`)
      .bind(userId, after, limit),
  )
