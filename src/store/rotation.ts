// One batch that rotates a refresh token and its bucket, or changes nothing. It does not pass through the
// object: D1 runs batches one after the other, so against a concurrent end of the session either order is right.
import type { RotatedRow } from '../domain/refresh.ts'
import type { NewBucket } from '../domain/session.ts'
import { batch } from './d1.ts'

export interface Rotation {
  readonly userId: string
  readonly sessionId: string
  /** Generation and digest of the presented refresh token. */
  readonly generation: number
  readonly presentedDigest: string
  readonly successorDigest: string
  readonly sealedSuccessor: string
  readonly bucket: NewBucket
  readonly expiresAt: number
  readonly now: number
  /** Milliseconds within that second. */
  readonly lastSeenMs: number
}

/**
 * Tries the rotation and returns the row as it is afterwards; null when the session is gone.
 * Safe to run again: every write depends on the presented generation being the current one.
 */
export async function rotate(db: D1Database, rotation: Rotation): Promise<RotatedRow | null> {
  const { userId, sessionId, generation, bucket, now } = rotation
  const next = generation + 1
  const results = await batch(db, [
    db
      .prepare(
        `UPDATE sessions
         SET generation = ?1, secret_digest = ?2, last_seen_at = ?3, expires_at = ?4, last_seen_ms = ?9
         WHERE user_id = ?5 AND id = ?6 AND generation = ?7 AND secret_digest = ?8 AND expires_at > ?3`,
      )
      .bind(
        next,
        rotation.successorDigest,
        now,
        rotation.expiresAt,
        userId,
        sessionId,
        generation,
        rotation.presentedDigest,
        rotation.lastSeenMs,
      ),
    db
      .prepare(
        `INSERT INTO entropy_buckets (session_id, generation, user_id, audience, issued_at, commitment, expires_at,
           sealed_successor)
         SELECT id, ?1, user_id, ?2, ?3, ?4, ?5, ?6 FROM sessions
         WHERE user_id = ?7 AND id = ?8 AND generation = ?1 AND secret_digest = ?9
         ON CONFLICT (session_id, generation) DO NOTHING`,
      )
      .bind(
        next,
        bucket.audience,
        now,
        bucket.commitment,
        bucket.expiresAt,
        rotation.sealedSuccessor,
        userId,
        sessionId,
        rotation.successorDigest,
      ),
    db
      .prepare(
        `UPDATE entropy_buckets SET retired_at = ?1, retired_reason = 'rotated'
         WHERE session_id = ?2 AND generation < ?3 AND audience = ?4 AND retired_at IS NULL
           AND EXISTS (SELECT 1 FROM entropy_buckets
                       WHERE session_id = ?2 AND generation = ?3 AND commitment = ?5)`,
      )
      .bind(now, sessionId, next, bucket.audience, bucket.commitment),
    db
      .prepare(
        `SELECT s.generation, s.secret_digest, s.expires_at, b.issued_at AS spent_at, b.sealed_successor
         FROM sessions s LEFT JOIN entropy_buckets b ON b.session_id = s.id AND b.generation = ?2
         WHERE s.user_id = ?3 AND s.id = ?1`,
      )
      .bind(sessionId, next, userId),
  ])
  const [row] = (results[3]?.results ?? []) as unknown as {
    generation: number
    secret_digest: string
    sealed_successor: string | null
    expires_at: number
    spent_at: number | null
  }[]
  if (row === undefined) return null
  return {
    generation: row.generation,
    secretDigest: row.secret_digest,
    sealedSuccessor: row.sealed_successor,
    expiresAt: row.expires_at,
    spentAt: row.spent_at,
  }
}
