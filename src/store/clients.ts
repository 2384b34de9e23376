// Registered clients. The built-in one is a constant: it cannot be changed or removed.
import { ACCOUNT_CLIENT, type Client, type ClientRegistration } from '../domain/client.ts'
import { all, batch, first, run, StorageUnavailable } from './d1.ts'

const CHANGE_ATTEMPTS = 3

export interface ClientRow {
  readonly id: string
  readonly secret_digest: string | null
  readonly registration: string
  readonly created_at: number
  readonly former_secret_digest: string | null
  readonly former_secret_until: number | null
}

const COLUMNS = 'id, secret_digest, registration, created_at, former_secret_digest, former_secret_until'

/** What rows written before a field existed stand for. */
const NOT_REGISTERED = {
  jwks: null,
  jwks_uri: null,
  backchannel_logout_uri: null,
  dpop_bound_access_tokens: false,
  require_pushed_authorization_requests: false,
  validation_mode: 'bounded',
  strong_scopes: [],
} as const

export const clientOf = (row: ClientRow): Client => ({
  ...NOT_REGISTERED,
  ...(JSON.parse(row.registration) as ClientRegistration),
  id: row.id,
  secretDigest: row.secret_digest,
  formerSecret:
    row.former_secret_digest === null || row.former_secret_until === null
      ? null
      : { digest: row.former_secret_digest, until: row.former_secret_until },
  createdAt: row.created_at,
})

export async function findClient(db: D1Database, id: string): Promise<Client | null> {
  if (id === ACCOUNT_CLIENT.id) return ACCOUNT_CLIENT
  const row = await findRow(db, id)
  return row === null ? null : clientOf(row)
}

const findRow = (db: D1Database, id: string): Promise<ClientRow | null> =>
  first<ClientRow>(db.prepare(`SELECT ${COLUMNS} FROM clients WHERE id = ? AND deleted_at IS NULL`).bind(id))

export async function listClients(db: D1Database): Promise<Client[]> {
  const rows = await all<ClientRow>(
    db.prepare(`SELECT ${COLUMNS} FROM clients WHERE deleted_at IS NULL ORDER BY created_at, id`),
  )
  return [ACCOUNT_CLIENT, ...rows.map(clientOf)]
}

/** @returns false when the id is taken: so is a deleted client's until its last session is swept, lest the next inherit it */
export async function insertClient(db: D1Database, client: Client): Promise<boolean> {
  const { id, secretDigest, formerSecret: _, createdAt, ...registration } = client
  const inserted = await run(
    db
      .prepare(
        `INSERT INTO clients (id, secret_digest, registration, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
      )
      .bind(id, secretDigest, JSON.stringify(registration), createdAt),
  )
  return inserted === 1
}

/**
 * Writes only over what it has read, so that of two changes at once none is lost: no old secret comes back with a new
 * name. `change` may run again. @returns null when the client is not there, or is deleted
 */
export async function changeClient<Changed extends { readonly client: Client }>(
  db: D1Database,
  id: string,
  change: (client: Client) => Promise<Changed>,
): Promise<Changed | null> {
  for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
    const row = await findRow(db, id)
    if (row === null) return null
    const changed = await change(clientOf(row))
    const { id: _, secretDigest, formerSecret, createdAt: __, ...registration } = changed.client
    const updated = await run(
      db
        .prepare(
          `UPDATE clients SET secret_digest = ?, registration = ?,
             former_secret_digest = ?, former_secret_until = ?
           WHERE id = ? AND deleted_at IS NULL AND registration = ? AND secret_digest IS ?`,
        )
        .bind(
          secretDigest,
          JSON.stringify(registration),
          formerSecret?.digest ?? null,
          formerSecret?.until ?? null,
          id,
          row.registration,
          row.secret_digest,
        ),
    )
    if (updated === 1) return changed
  }
  throw new StorageUnavailable('the client is being changed by others')
}

/** Marks it: nobody finds it any more, and its last sessions can still be swept. @returns false when there was none */
export async function markClientDeleted(db: D1Database, id: string, now: number): Promise<boolean> {
  const mark = db.prepare('UPDATE clients SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL')
  // The id may be used again; what managed its registration must not manage the next.
  const forget = db.prepare('DELETE FROM self_registered_clients WHERE client_id = ?')
  const [marked] = await batch(db, [mark.bind(now, id), forget.bind(id)])
  return marked?.meta.changes === 1
}

export async function listDeletedClients(db: D1Database): Promise<{ id: string; deletedAt: number }[]> {
  const rows = await all<{ id: string; deleted_at: number }>(
    db.prepare('SELECT id, deleted_at FROM clients WHERE deleted_at IS NOT NULL'),
  )
  return rows.map(row => ({ id: row.id, deletedAt: row.deleted_at }))
}

export const removeDeletedClient = (db: D1Database, id: string): Promise<number> =>
  run(db.prepare('DELETE FROM clients WHERE id = ? AND deleted_at IS NOT NULL').bind(id))

/** Of all clients: pages of these origins may ask. */
export async function listCorsOrigins(db: D1Database): Promise<ReadonlySet<string>> {
  const rows = await all<{ origin: string }>(
    db.prepare(
      `SELECT DISTINCT each.value AS origin
       FROM clients, json_each(clients.registration, '$.cors_origins') AS each WHERE deleted_at IS NULL`,
    ),
  )
  return new Set(rows.map(row => row.origin))
}

/** Whether some client is registered as the resource server of this audience. */
export async function isRegisteredAudience(db: D1Database, audience: string): Promise<boolean> {
  const row = await first<{ found: number }>(
    db
      .prepare(
        "SELECT 1 AS found FROM clients WHERE json_extract(registration, '$.audience') = ? AND deleted_at IS NULL LIMIT 1",
      )
      .bind(audience),
  )
  return row !== null
}
