// A client as operators see it: its registration, without its secret's digest.
import type { Client } from '../domain/client.ts'
import { rfc3339 } from '../domain/time.ts'

export function clientView(client: Client): Readonly<Record<string, unknown>> {
  const { id, secretDigest: _, createdAt, ...registration } = client
  return { client_id: id, ...registration, created_at: rfc3339(createdAt) }
}
