// Registered clients. The built-in one is a constant: it cannot be changed or removed.
import { ACCOUNT_CLIENT, type Client, type ClientRegistration } from '../domain/client.ts'
import { all, first, run } from './d1.ts'

interface ClientRow {
  readonly id: string
  readonly secret_digest: string | null
  readonly registration: string
  readonly created_at: number
}

const clientOf = (row: ClientRow): Client => ({
  ...(JSON.parse(row.registration) as ClientRegistration),
  id: row.id,
  secretDigest: row.secret_digest,
  createdAt: row.created_at,
})

export async function findClient(db: D1Database, id: string): Promise<Client | null> {
  if (id === ACCOUNT_CLIENT.id) return ACCOUNT_CLIENT
  const row = await first<ClientRow>(
    db.prepare('SELECT id, secret_digest, registration, created_at FROM clients WHERE id = ?').bind(id),
  )
  return row === null ? null : clientOf(row)
}

export async function listClients(db: D1Database): Promise<Client[]> {
  const rows = await all<ClientRow>(
    db.prepare('SELECT id, secret_digest, registration, created_at FROM clients ORDER BY created_at, id'),
  )
  return [ACCOUNT_CLIENT, ...rows.map(clientOf)]
}

/** @returns false when the id is taken */
export async function insertClient(db: D1Database, client: Client): Promise<boolean> {
  const { id, secretDigest, createdAt, ...registration } = client
  const inserted = await run(
    db
      .prepare(
        `INSERT INTO clients (id, secret_digest, registration, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(id, secretDigest, JSON.stringify(registration), createdAt),
  )
  return inserted === 1
}

/** @returns false when there was none */
export const deleteClient = async (db: D1Database, id: string): Promise<boolean> =>
  (await run(db.prepare('DELETE FROM clients WHERE id = ?').bind(id))) === 1

/** Whether some client is registered as the resource server of this audience. */
export async function isRegisteredAudience(db: D1Database, audience: string): Promise<boolean> {
  const row = await first<{ found: number }>(
    db
      .prepare("SELECT 1 AS found FROM clients WHERE json_extract(registration, '$.audience') = ? LIMIT 1")
      .bind(audience),
  )
  return row !== null
}
