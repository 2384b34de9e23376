// Resource servers that check tokens themselves: each keeps the key set for as long as it was told, and never looks earlier.
import { createLocalJWKSet, createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose'

export interface Verifier {
  readonly name: string
  /** null when it accepts the token, otherwise why not. */
  refusalOf(token: string): Promise<string | null>
}

/** As strict about its cache as can be: an unknown key is refused until the set that it has is too old. */
export function createCachingVerifier(origin: string, name: string): Verifier {
  let keys: { readonly find: ReturnType<typeof createLocalJWKSet>; readonly untilMs: number } | null = null
  let loading: Promise<void> | null = null
  const load = async () => {
    const response = await fetch(`${origin}/.well-known/jwks.json`)
    const seconds = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1] ?? 0)
    const find = createLocalJWKSet((await response.json()) as { keys: [] })
    keys = { find, untilMs: Date.now() + seconds * 1_000 }
  }
  return verifierOf(name, origin, async (header, token) => {
    if (keys === null || Date.now() >= keys.untilMs) {
      loading ??= load().finally(() => {
        loading = null
      })
      await loading
    }
    if (keys === null) throw new Error('no keys')
    return keys.find(header, token)
  })
}

/** The library as it comes: ten minutes, but it looks again for an unknown key. */
export const createUsualVerifier = (origin: string): Verifier =>
  verifierOf('jose as it comes', origin, createRemoteJWKSet(new URL(`${origin}/.well-known/jwks.json`)))

const verifierOf = (name: string, issuer: string, find: JWTVerifyGetKey): Verifier => ({
  name,
  async refusalOf(token) {
    try {
      await jwtVerify(token, find, { issuer })
      return null
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  },
})
