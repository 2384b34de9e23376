// Going through the whole log of a database by its primary key, a little at a time: an index by age would cost a row
// with every entry that is written.
import { all, batch, first } from './d1.ts'

/** An entry of the log; `userId: ''` is before all of them. */
export interface LogPlace {
  readonly userId: string
  readonly seq: number
}

export const LOG_START: LogPlace = { userId: '', seq: 0 }

export interface LogSweep {
  /** After which entry it goes on; before all of them when no pass is under way. */
  readonly after: LogPlace
  /** When the pass that is under way, or else the last one, began. */
  readonly begunAt: number
}

/** null before the first pass of all. */
export async function findLogSweep(db: D1Database): Promise<LogSweep | null> {
  const row = await first<{ begun_at: number; user_id: string; seq: number }>(
    db.prepare('SELECT begun_at, user_id, seq FROM log_sweep WHERE id = 1'),
  )
  return row === null ? null : { after: { userId: row.user_id, seq: row.seq }, begunAt: row.begun_at }
}

export interface AgedEntry extends LogPlace {
  /** Has details past their time. */
  readonly isStale: boolean
  /** Its user is gone, and its own time as well. */
  readonly isOrphan: boolean
}

/** Details go of what is older than `staleBefore`; an entry without a user when it is older than `orphanBefore`. */
export interface LogAges {
  readonly staleBefore: number
  readonly orphanBefore: number
}

/** The next entries in the order of the primary key, each looked at once. */
export async function listAgedEntries(
  db: D1Database,
  after: LogPlace,
  ages: LogAges,
  limit: number,
): Promise<AgedEntry[]> {
  const rows = await all<{ user_id: string; seq: number; is_stale: number; is_orphan: number }>(
    db
      .prepare(
        `SELECT user_id, seq,
           at < ?3 AND (device IS NOT NULL OR place IS NOT NULL OR marks IS NOT NULL) AS is_stale,
           at < ?4 AND NOT EXISTS (SELECT 1 FROM users WHERE id = user_events.user_id) AS is_orphan
         FROM user_events WHERE (user_id, seq) > (?1, ?2) ORDER BY user_id, seq LIMIT ?5`,
      )
      .bind(after.userId, after.seq, ages.staleBefore, ages.orphanBefore, limit),
  )
  return rows.map(row => ({
    userId: row.user_id,
    seq: row.seq,
    isStale: row.is_stale === 1,
    isOrphan: row.is_orphan === 1,
  }))
}

/** Does what is due and moves on, in one transaction. A deleted user never comes back, nor does time: safe to repeat. */
export async function sweepLog(
  db: D1Database,
  entries: readonly AgedEntry[],
  { after, begunAt }: LogSweep,
): Promise<void> {
  const orphans = entries.filter(entry => entry.isOrphan)
  const stale = entries.filter(entry => entry.isStale && !entry.isOrphan)
  await batch(db, [
    ...(orphans.length === 0 ? [] : [deleteEntries(db, orphans)]),
    ...(stale.length === 0 ? [] : [scrubEntries(db, stale)]),
    db
      .prepare(
        `INSERT INTO log_sweep (id, begun_at, user_id, seq) VALUES (1, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET begun_at = excluded.begun_at, user_id = excluded.user_id, seq = excluded.seq`,
      )
      .bind(begunAt, after.userId, after.seq),
  ])
}

const deleteEntries = (db: D1Database, places: readonly LogPlace[]) =>
  db
    .prepare(
      `DELETE FROM user_events WHERE (user_id, seq) IN
         (SELECT value ->> 'userId', value ->> 'seq' FROM json_each(?))`,
    )
    .bind(listOf(places))

const scrubEntries = (db: D1Database, places: readonly LogPlace[]) =>
  db
    .prepare(
      `UPDATE user_events SET device = NULL, place = NULL, marks = NULL, details_salt = NULL WHERE (user_id, seq) IN
         (SELECT value ->> 'userId', value ->> 'seq' FROM json_each(?))`,
    )
    .bind(listOf(places))

const listOf = (places: readonly LogPlace[]): string =>
  JSON.stringify(places.map(({ userId, seq }) => ({ userId, seq })))
