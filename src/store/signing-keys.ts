// Signing keys. The private part is sealed before it comes here, and erased when the key has stopped signing.
import type { KeyChange, KeyLife } from '../domain/key-rotation.ts'
import { all, batch } from './d1.ts'

export interface SigningKeyRow extends KeyLife {
  readonly public_jwk: string
  readonly sealed_private_jwk: string | null
  readonly created_at: number
  readonly gone_at: number | null
}

export interface NewSigningKey {
  readonly kid: string
  readonly state: 'active' | 'pending'
  readonly knownAt: number
  readonly publicJwk: string
  readonly sealedPrivateJwk: string
}

export type AppliedChange = Pick<KeyChange, 'moves' | 'order'>

const COLUMNS = `kid, state, public_jwk, sealed_private_jwk, created_at, known_at, active_at, rotation_ordered_at,
  retiring_at, gone_at`

/** Keys that are published: all but those that are gone. */
export const listPublishedKeys = (db: D1Database): Promise<SigningKeyRow[]> =>
  all<SigningKeyRow>(
    db.prepare(`SELECT ${COLUMNS} FROM signing_keys WHERE state <> 'gone' ORDER BY created_at, kid`),
  )

/** All keys that there have ever been, newest first. */
export const listSigningKeys = (db: D1Database): Promise<SigningKeyRow[]> =>
  all<SigningKeyRow>(db.prepare(`SELECT ${COLUMNS} FROM signing_keys ORDER BY created_at DESC, kid`))

/**
 * Applies what was decided, all of it or nothing. A key that has changed since it was seen is left as it is, and whoever
 * makes a key where somebody else has made one gets ConstraintViolated: every promotion makes one.
 *
 * @returns what of it changed something
 */
export async function changeSigningKeys(
  db: D1Database,
  { moves, order }: KeyChange,
  created: readonly NewSigningKey[],
  now: number,
): Promise<AppliedChange> {
  const results = await batch(db, [
    ...moves.map(({ key, to }) =>
      db
        .prepare(
          `UPDATE signing_keys SET state = ?1,
             sealed_private_jwk = iif(?1 = 'active', sealed_private_jwk, NULL),
             active_at = iif(?1 = 'active', ?2, active_at),
             retiring_at = iif(?1 = 'retiring', ?2, retiring_at),
             gone_at = iif(?1 = 'gone', ?2, gone_at)
           WHERE kid = ?3 AND state = ?4`,
        )
        .bind(to, now, key.kid, key.state),
    ),
    db
      .prepare(
        `UPDATE signing_keys SET rotation_ordered_at = ?1
         WHERE kid = ?2 AND state = 'active' AND rotation_ordered_at IS NULL`,
      )
      .bind(now, order?.kid ?? null),
    ...created.map(key =>
      db
        .prepare(
          `INSERT INTO signing_keys (kid, state, public_jwk, sealed_private_jwk, created_at, known_at, active_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
        )
        .bind(
          key.kid,
          key.state,
          key.publicJwk,
          key.sealedPrivateJwk,
          now,
          key.knownAt,
          key.state === 'active' ? now : null,
        ),
    ),
  ])
  const changes = results.map(({ meta }) => meta.changes)
  return { moves: moves.filter((_, index) => changes[index]), order: changes[moves.length] ? order : null }
}
