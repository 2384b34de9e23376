// How often each record was made, by the hour: what the operator's figures come from. In the global database.
import type { RecordCount } from '../domain/figures.ts'
import { RECORD_COUNTS_SECONDS } from '../domain/limits.ts'
import { all, first, run } from './d1.ts'

/** One statement, one row written for each. */
export const addRecordCounts = (db: D1Database, counts: readonly RecordCount[]): Promise<number> =>
  run(
    db
      .prepare(
        `INSERT INTO record_counts (hour, code, reason, count, last_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)`,
      )
      .bind(
        JSON.stringify(
          counts.map(({ since, code, reason, count, lastAt }) => [since, code, reason, count, lastAt]),
        ),
      ),
  )

/** Summed up over spans of so many seconds, from `since` on. */
export const listRecordCounts = (
  db: D1Database,
  since: number,
  spanSeconds: number,
): Promise<RecordCount[]> =>
  all<RecordCount>(
    db
      .prepare(
        `SELECT hour - hour % ?2 AS since, code, reason, sum(count) AS count, max(last_at) AS lastAt
         FROM record_counts WHERE hour >= ?1 GROUP BY 1, 2, 3`,
      )
      .bind(since, spanSeconds),
  )

/** When a record with this code was last made, in seconds; null when it is longer ago than the counts are kept. */
export const findLastRecord = async (db: D1Database, code: string): Promise<number | null> =>
  (
    await first<{ at: number | null }>(
      db
        .prepare('SELECT last_at AS at FROM record_counts WHERE code = ? ORDER BY hour DESC LIMIT 1')
        .bind(code),
    )
  )?.at ?? null

export const deleteOldRecordCounts = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      `DELETE FROM record_counts WHERE (hour, code, reason) IN (
         SELECT hour, code, reason FROM record_counts WHERE hour < ? LIMIT ?)`,
    )
    .bind(before - RECORD_COUNTS_SECONDS, limit)
