// The clients behind a list of sessions: each looked up once, however many sessions it has.
import type { Client } from '../domain/client.ts'
import type { Session } from '../domain/session.ts'
import type { LatchkeyContext } from './context.ts'

export async function clientsOf(
  c: LatchkeyContext,
  sessions: readonly Session[],
): Promise<ReadonlyMap<string, Client>> {
  const ids = [...new Set(sessions.map(session => session.clientId))]
  const found = await Promise.all(ids.map(id => c.var.parts.findClient(id, c.var.facts.now)))
  return new Map(found.flatMap(client => (client === null ? [] : [[client.id, client] as const])))
}
