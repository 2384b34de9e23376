// Clients as one isolate knows them: at most CLIENT_CACHE_SECONDS old, a bounded number of them.
import type { Client } from '../domain/client.ts'
import { CLIENT_CACHE_SECONDS } from '../domain/limits.ts'

export interface ClientCache {
  find(id: string, now: number): Promise<Client | null>
  /** As it is stored now; remembered from then on. */
  reload(id: string, now: number): Promise<Client | null>
  /** Called where a client is changed: this isolate sees the change at once. */
  forget(id: string): void
}

const CLIENTS_MAX = 1_000

export function createClientCache(load: (id: string) => Promise<Client | null>): ClientCache {
  const known = new Map<string, { readonly client: Client; readonly loadedAt: number }>()
  let changes = 0
  const cache: ClientCache = {
    async find(id, now) {
      const cached = known.get(id)
      if (cached !== undefined && Math.abs(now - cached.loadedAt) < CLIENT_CACHE_SECONDS) return cached.client
      return cache.reload(id, now)
    },
    async reload(id, now) {
      const changesBefore = changes
      const client = await load(id)
      // Read before a change, and perhaps without it.
      if (changes !== changesBefore) return client
      known.delete(id)
      // What does not exist is not remembered: it may be registered the next moment.
      if (client === null) return null
      if (known.size >= CLIENTS_MAX) known.clear()
      known.set(id, { client, loadedAt: now })
      return client
    },
    forget(id) {
      changes++
      known.delete(id)
    },
  }
  return cache
}
