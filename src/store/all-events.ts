// All logs of a database, in the order of the primary key: for whoever takes them elsewhere.
import { all } from './d1.ts'
import { type EventRow, type LoggedEvent, loggedEventOf } from './events.ts'
import type { LogPlace } from './log-sweep.ts'

export interface PlacedEvent extends LogPlace {
  /** null when it cannot be read: somebody else has written it. */
  readonly event: LoggedEvent | null
}

/** The next entries after a place, of whatever age. Throws StorageUnavailable. */
export async function listAllEvents(db: D1Database, after: LogPlace, limit: number): Promise<PlacedEvent[]> {
  const rows = await all<EventRow & { readonly user_id: string }>(
    db
      .prepare(
        `SELECT user_id, seq, type, at, session_id, client_id, reason, actor, device, place
         FROM user_events WHERE (user_id, seq) > (?, ?) ORDER BY user_id, seq LIMIT ?`,
      )
      .bind(after.userId, after.seq, limit),
  )
  return rows.map(row => ({ userId: row.user_id, seq: row.seq, event: readEvent(row) }))
}

function readEvent(row: EventRow): LoggedEvent | null {
  try {
    return loggedEventOf(row)
  } catch {
    return null
  }
}
