// Pushed authorization requests: each is read once, by being deleted.
import { first, run } from './d1.ts'

export interface PushedRequest {
  readonly id: string
  readonly clientId: string
  /** As a query string. */
  readonly parameters: string
  readonly expiresAt: number
}

export const insertPushedRequest = (db: D1Database, request: PushedRequest): Promise<number> =>
  run(
    db
      .prepare('INSERT INTO pushed_requests (id, client_id, parameters, expires_at) VALUES (?, ?, ?, ?)')
      .bind(request.id, request.clientId, request.parameters, request.expiresAt),
  )

/** Its parameters, for its own client, once; null otherwise. */
export async function takePushedRequest(
  db: D1Database,
  id: string,
  clientId: string,
  now: number,
): Promise<string | null> {
  const row = await first<{ parameters: string }>(
    db
      .prepare(
        'DELETE FROM pushed_requests WHERE id = ? AND client_id = ? AND expires_at > ? RETURNING parameters',
      )
      .bind(id, clientId, now),
  )
  return row?.parameters ?? null
}

export const deleteExpiredPushedRequests = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      'DELETE FROM pushed_requests WHERE id IN (SELECT id FROM pushed_requests WHERE expires_at < ? LIMIT ?)',
    )
    .bind(before, limit)
