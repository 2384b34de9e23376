// The feed of retired buckets, which tells caches what to forget: an entry for each, in the order of their commits.
import { jtiOf } from '../domain/ids.ts'
import { RETIREMENTS_MAX_ROWS } from '../domain/limits.ts'
import { all, first, StorageUnavailable } from './d1.ts'

interface RetirementRow {
  readonly seq: number
  readonly session_id: string
  readonly generation: number
  readonly audience: string | null
}

export interface Retirements {
  /** `jti` of the retired tokens. */
  readonly retired: readonly string[]
  /** Of the newest entry: where to read on. */
  readonly seq: number
}

/** Where the feed ends; 0 while it is empty. */
export const selectNewestSeq = (db: D1Database) =>
  db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM bucket_retirements')

/** Throws StorageUnavailable. */
export async function findNewestSeq(db: D1Database): Promise<number> {
  const row = await first<{ seq: number }>(selectNewestSeq(db))
  if (row === null || !Number.isInteger(row.seq)) throw new StorageUnavailable('a feed that is none')
  return row.seq
}

/**
 * What was retired after `seq`, of one audience or, with null, of all. The entry at `seq` itself is read too: null when it
 * is no longer there, or when more has happened since than is told at once.
 */
export async function listRetirements(
  db: D1Database,
  seq: number,
  audience: string | null,
): Promise<Retirements | null> {
  const rows = await all<RetirementRow>(
    db
      .prepare(
        `SELECT seq, session_id, generation, audience FROM bucket_retirements
         WHERE seq >= ? ORDER BY seq LIMIT ?`,
      )
      .bind(seq, RETIREMENTS_MAX_ROWS + 1),
  )
  if (rows.length > RETIREMENTS_MAX_ROWS) return null
  const goesOn = rows.length === 0 ? seq === 0 : rows[0]?.seq === Math.max(seq, 1)
  if (!goesOn) return null
  const later = rows.filter(row => row.seq > seq)
  const isTold = (row: RetirementRow) => audience === null || (row.audience ?? audience) === audience
  return {
    retired: later
      .filter(isTold)
      .map(row => jtiOf({ sessionId: row.session_id, generation: row.generation })),
    seq: later.at(-1)?.seq ?? seq,
  }
}

/** The newest entry stays, so that seq never repeats. */
export const deleteOldRetirements = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      `DELETE FROM bucket_retirements WHERE seq IN
         (SELECT seq FROM bucket_retirements
          WHERE retired_at < ? AND seq < (SELECT max(seq) FROM bucket_retirements) ORDER BY seq LIMIT ?)`,
    )
    .bind(before, limit)
