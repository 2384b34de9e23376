// Signing keys. The private part is sealed before it comes here.
import { all, run } from './d1.ts'

export type KeyState = 'pending' | 'active' | 'retiring' | 'gone'

export interface SigningKeyRow {
  readonly kid: string
  readonly state: KeyState
  readonly public_jwk: string
  readonly sealed_private_jwk: string | null
  readonly created_at: number
  readonly active_at: number | null
  readonly gone_at: number | null
}

/** Keys that are published: all but those that are gone. */
export const listPublishedKeys = (db: D1Database): Promise<SigningKeyRow[]> =>
  all<SigningKeyRow>(
    db.prepare(
      `SELECT kid, state, public_jwk, sealed_private_jwk, created_at, active_at, gone_at
       FROM signing_keys WHERE state <> 'gone' ORDER BY created_at, kid`,
    ),
  )

/** Makes the first active key; a unique index lets one writer win, and the others read what it wrote. */
export const insertFirstKey = (
  db: D1Database,
  key: { kid: string; publicJwk: string; sealedPrivateJwk: string; now: number },
): Promise<number> =>
  run(
    db
      .prepare(
        `INSERT INTO signing_keys (kid, state, public_jwk, sealed_private_jwk, created_at, active_at)
         VALUES (?1, 'active', ?2, ?3, ?4, ?4) ON CONFLICT DO NOTHING`,
      )
      .bind(key.kid, key.publicJwk, key.sealedPrivateJwk, key.now),
  )
