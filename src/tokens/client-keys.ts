// The keys of clients, as registered or fetched from their `jwks_uri`. Anybody can send an assertion that names a client
// and an unknown key, so what is fetched, and how often, does not depend on what is sent: once a minute at most.
import type { Client } from '../domain/client.ts'
import { parseJsonObject, parseUtf8 } from '../domain/encoding.ts'
import {
  CLIENT_KEYS_CACHE_SECONDS,
  CLIENT_KEYS_REFETCH_SECONDS,
  CLIENT_KEYS_TIMEOUT_MS,
} from '../domain/limits.ts'
import { chooseKey, type NamedKey, type PublicJwk, parseJwks } from '../domain/public-jwk.ts'
import type { FetchTarget } from '../outbound/fetch-target.ts'

export interface KeyRequest {
  readonly now: number
  /** What has been begun goes on when the client hangs up: others wait for it. */
  readonly waitUntil: (work: Promise<unknown>) => void
}

export interface ClientKeys {
  /** null when the client has no such key, or it cannot be fetched now. */
  find(
    client: Pick<Client, 'id' | 'jwks' | 'jwks_uri'>,
    kid: string | null,
    request: KeyRequest,
  ): Promise<PublicJwk | null>
}

interface Fetched {
  keys: readonly NamedKey[]
  fetchedAt: number
  attemptedAt: number
  isUnderWay: boolean
}

const SETS_MAX = 1_000
const POLL_MS = 25

export function createClientKeys(fetchTarget: FetchTarget): ClientKeys {
  const sets = new Map<string, Fetched>()

  const setOf = (name: string): Fetched => {
    const known = sets.get(name)
    if (known !== undefined) return known
    if (sets.size >= SETS_MAX) sets.clear()
    const never = Number.NEGATIVE_INFINITY
    const created = { keys: [], fetchedAt: never, attemptedAt: never, isUnderWay: false }
    sets.set(name, created)
    return created
  }

  const refetch = async (set: Fetched, uri: string, now: number): Promise<void> => {
    Object.assign(set, { attemptedAt: now, isUnderWay: true })
    const keys = await fetchKeys(fetchTarget, uri)
    if (keys !== null) Object.assign(set, { keys, fetchedAt: now })
    set.isUnderWay = false
  }

  return {
    async find({ id, jwks, jwks_uri: uri }, kid, { now, waitUntil }) {
      if (uri === null) return chooseKey(parseJwks(jwks) ?? [], kid)
      const set = setOf(`${id} ${uri}`)
      const current = () =>
        now - set.fetchedAt < CLIENT_KEYS_CACHE_SECONDS ? chooseKey(set.keys, kid) : null
      const known = current()
      if (known !== null) return known
      if (now - set.attemptedAt >= CLIENT_KEYS_REFETCH_SECONDS) {
        const work = refetch(set, uri, now)
        waitUntil(work)
        await work
      } else await untilFetched(set)
      return current()
    },
  }
}

/** Polls for what another request fetches: its promise belongs to that request, and must not be awaited by others. */
async function untilFetched(set: Fetched): Promise<void> {
  for (let waited = 0; set.isUnderWay && waited < CLIENT_KEYS_TIMEOUT_MS; waited += POLL_MS) {
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

async function fetchKeys(fetchTarget: FetchTarget, uri: string): Promise<readonly NamedKey[] | null> {
  const headers = { accept: 'application/jwk-set+json, application/json' }
  const answer = await fetchTarget(uri, { method: 'GET', headers, timeoutMs: CLIENT_KEYS_TIMEOUT_MS })
  if (answer.tag === 'failed' || answer.status !== 200) return null
  const text = parseUtf8(answer.body)
  return text === null ? null : parseJwks(parseJsonObject(text))
}
