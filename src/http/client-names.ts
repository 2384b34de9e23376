// The clients behind a list of sessions or consents: each looked up once, however often it stands there.
import type { Client } from '../domain/client.ts'
import type { LatchkeyContext } from './context.ts'

export async function clientsOf(
  c: LatchkeyContext,
  clientIds: readonly string[],
): Promise<ReadonlyMap<string, Client>> {
  const ids = [...new Set(clientIds)]
  const found = await Promise.all(ids.map(id => c.var.parts.findClient(id, c.var.facts.now)))
  return new Map(found.flatMap(client => (client === null ? [] : [[client.id, client] as const])))
}

/** Its id, where the client was removed meanwhile. */
export const nameOf = (clients: ReadonlyMap<string, Client>, clientId: string): string =>
  clients.get(clientId)?.name ?? clientId
