// Clients that registered themselves (RFC 7591), and the digest of what lets each manage its registration (RFC 7592).
import type { Client } from '../domain/client.ts'
import { type ClientRow, clientOf } from './clients.ts'
import { batch, first } from './d1.ts'

const COLUMNS = `id, secret_digest, registration, created_at, former_secret_digest, former_secret_until`

export interface SelfRegistered {
  readonly client: Client
  readonly accessTokenDigest: string
}

/**
 * The client, its token and the use of the initial token in one transaction, each only if that token still allows one
 * more: the count changes last, so all three see the same. @returns false when it does not
 */
export async function insertSelfRegistered(
  db: D1Database,
  { client, accessTokenDigest }: SelfRegistered,
  initialTokenId: string,
  now: number,
): Promise<boolean> {
  const { id, secretDigest, formerSecret: _, createdAt, ...registration } = client
  const [, , used] = await batch(db, [
    db
      .prepare(
        `INSERT INTO clients (id, secret_digest, registration, created_at) SELECT ?, ?, ?, ?
         FROM registration_tokens WHERE ${USABLE}`,
      )
      .bind(id, secretDigest, JSON.stringify(registration), createdAt, initialTokenId, now),
    db
      .prepare(
        `INSERT INTO self_registered_clients (client_id, access_token_digest) SELECT ?, ?
         FROM registration_tokens WHERE ${USABLE}`,
      )
      .bind(id, accessTokenDigest, initialTokenId, now),
    db.prepare(`UPDATE registration_tokens SET uses = uses + 1 WHERE ${USABLE}`).bind(initialTokenId, now),
  ])
  return used?.meta.changes === 1
}

const USABLE = 'id = ? AND expires_at > ? AND (max_uses IS NULL OR uses < max_uses)'

/** From the database, not from a cache. null for clients of an operator, too. */
export async function findSelfRegistered(db: D1Database, id: string): Promise<SelfRegistered | null> {
  const row = await first<ClientRow & { readonly access_token_digest: string }>(
    db
      .prepare(
        `SELECT ${COLUMNS}, access_token_digest
         FROM self_registered_clients JOIN clients ON id = client_id
         WHERE client_id = ? AND deleted_at IS NULL`,
      )
      .bind(id),
  )
  return row === null ? null : { client: clientOf(row), accessTokenDigest: row.access_token_digest }
}
