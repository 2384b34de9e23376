// Entropy buckets: the commitment of every access token until its expiry, and whether it is retired.
import type { Bucket, RetiredReason } from '../domain/bucket.ts'
import { CLOCK_LEEWAY_SECONDS } from '../domain/limits.ts'
import type { NewBucket } from '../domain/session.ts'
import { batch, first, StorageUnavailable } from './d1.ts'
import { selectNewestSeq } from './retirements.ts'

interface BucketRow {
  readonly commitment: string
  readonly expires_at: number
  readonly retired_at: number | null
  readonly retired_reason: RetiredReason | null
}

/** Strong validation: one primary-key read at D1's primary. Throws StorageUnavailable, for nonsense too. */
export const findBucket = async (
  db: D1Database,
  sessionId: string,
  generation: number,
): Promise<Bucket | null> => bucketOf(await first<BucketRow>(selectBucket(db, sessionId, generation)))

/** Likewise, and what else is to be read in the same call, before the bucket. */
export async function findBucketWith(
  db: D1Database,
  sessionId: string,
  generation: number,
  others: readonly D1PreparedStatement[],
): Promise<{ readonly bucket: Bucket | null; readonly results: readonly D1Result[] }> {
  const results = await batch(db, [...others, selectBucket(db, sessionId, generation)])
  const found = results.pop()
  if (found === undefined) throw new StorageUnavailable('a batch without answers')
  return { bucket: bucketOf((found.results as BucketRow[])[0] ?? null), results }
}

/** Likewise, and where the feed of retirements ended just before: one row more in the same call. */
export async function findBucketInFeed(
  db: D1Database,
  sessionId: string,
  generation: number,
): Promise<{ readonly bucket: Bucket | null; readonly seq: number }> {
  const { bucket, results } = await findBucketWith(db, sessionId, generation, [selectNewestSeq(db)])
  const [{ seq } = { seq: null }] = (results[0]?.results ?? []) as { seq: unknown }[]
  if (!Number.isInteger(seq)) throw new StorageUnavailable('a feed that is none')
  return { bucket, seq: Number(seq) }
}

const selectBucket = (db: D1Database, sessionId: string, generation: number) =>
  db
    .prepare(
      `SELECT commitment, expires_at, retired_at, retired_reason FROM entropy_buckets
       WHERE session_id = ? AND generation = ?`,
    )
    .bind(sessionId, generation)

function bucketOf(row: BucketRow | null): Bucket | null {
  if (row === null) return null
  if (!isBucketRow(row)) throw new StorageUnavailable('a bucket that is none')
  return {
    commitment: row.commitment,
    expiresAt: row.expires_at,
    retiredAt: row.retired_at,
    retiredReason: row.retired_reason,
  }
}

const isBucketRow = (row: BucketRow): boolean =>
  typeof row.commitment === 'string' &&
  Number.isInteger(row.expires_at) &&
  (row.retired_at === null
    ? row.retired_reason === null
    : Number.isInteger(row.retired_at) && typeof row.retired_reason === 'string')

export const insertFirstBucket = (
  db: D1Database,
  userId: string,
  sessionId: string,
  issuedAt: number,
  bucket: NewBucket,
) =>
  db
    .prepare(
      `INSERT INTO entropy_buckets (session_id, generation, user_id, audience, issued_at, commitment, expires_at)
       VALUES (?, 1, ?, ?, ?, ?, ?)`,
    )
    .bind(sessionId, userId, bucket.audience, issuedAt, bucket.commitment, bucket.expiresAt)

/** Of a client in its own name; see schema.sql. */
export const insertClientBucket = (db: D1Database, id: string, issuedAt: number, bucket: NewBucket) =>
  db
    .prepare(
      `INSERT INTO entropy_buckets (session_id, generation, audience, issued_at, commitment, expires_at)
       VALUES (?, 1, ?, ?, ?, ?)`,
    )
    .bind(id, bucket.audience, issuedAt, bucket.commitment, bucket.expiresAt)

/**
 * Retires what is left of ended sessions, or of tokens without one; a trigger feeds bucket_retirements. What another
 * isolate's clock may still take for unexpired is retired too.
 */
export const retireBuckets = (
  db: D1Database,
  sessionIds: readonly string[],
  reason: RetiredReason,
  at: number,
) =>
  db
    .prepare(
      `UPDATE entropy_buckets SET retired_at = ?1, retired_reason = ?2
       WHERE session_id IN (SELECT value FROM json_each(?3)) AND retired_at IS NULL AND expires_at > ?4`,
    )
    .bind(at, reason, JSON.stringify(sessionIds), at - CLOCK_LEEWAY_SECONDS)

export const deleteExpiredBuckets = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      `DELETE FROM entropy_buckets WHERE (session_id, generation) IN
         (SELECT session_id, generation FROM entropy_buckets WHERE expires_at < ? LIMIT ?)`,
    )
    .bind(before, limit)
