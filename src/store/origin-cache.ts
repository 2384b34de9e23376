// The origins of all clients as one isolate knows them: at most CLIENT_CACHE_SECONDS old, so that what strangers ask
// costs at most one read in each such time.
import { CLIENT_CACHE_SECONDS } from '../domain/limits.ts'

export interface OriginCache {
  /** Whether some client has registered this origin. */
  has(origin: string, now: number): Promise<boolean>
  /** Called where a client is changed: this isolate sees the change at once. */
  forget(): void
}

export function createOriginCache(load: () => Promise<ReadonlySet<string>>): OriginCache {
  let known: { readonly origins: ReadonlySet<string>; readonly loadedAt: number } | null = null
  return {
    async has(origin, now) {
      if (known === null || Math.abs(now - known.loadedAt) >= CLIENT_CACHE_SECONDS) {
        known = { origins: await load(), loadedAt: now }
      }
      return known.origins.has(origin)
    },
    forget() {
      known = null
    },
  }
}
