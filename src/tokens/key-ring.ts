// The signing keys as one isolate knows them: unsealed, cached for less than the overlap of a rotation.
import { CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { utf8 } from '../domain/encoding.ts'
import { SIGNING_KEYS_CACHE_SECONDS } from '../domain/limits.ts'
import { digest } from './digest.ts'
import { randomId } from './random.ts'
import type { Secrets } from './secrets.ts'
import type { StrictJwt, TokenType } from './strict-jwt.ts'

/** Of everything that is signed here. */
export const ALG = 'ES256'

export interface StoredKey {
  readonly kid: string
  readonly state: 'pending' | 'active' | 'retiring' | 'gone'
  readonly public_jwk: string
  readonly sealed_private_jwk: string | null
}

/** Where keys are kept. */
export interface KeyStorage {
  list(): Promise<readonly StoredKey[]>
  insertFirst(key: {
    kid: string
    publicJwk: string
    sealedPrivateJwk: string
    now: number
  }): Promise<unknown>
}

export interface SignedToken {
  readonly token: string
  /** SHA-256 over the exact signing input: it covers the bucket and every claim. */
  readonly commitment: string
}

export interface KeyRing {
  sign(typ: TokenType, claims: object, now: number): Promise<SignedToken>
  /** Whether one of our published keys made the signature. An unknown kid is false, without looking further. */
  hasValidSignature(jwt: StrictJwt, token: string, now: number): Promise<boolean>
  /** Public members only (RFC 7517). */
  publicJwks(now: number): Promise<{ keys: JWK[] }>
}

interface Ring {
  readonly active: { readonly kid: string; readonly key: CryptoKey }
  readonly verifiers: ReadonlyMap<string, CryptoKey>
  readonly jwks: JWK[]
}

export const commitmentOf = (signingInput: string): Promise<string> => digest('commitment', signingInput)

export function createKeyRing(storage: KeyStorage, secrets: Secrets): KeyRing {
  let cached: { readonly ring: Ring; readonly loadedAt: number } | null = null

  // Only what has been loaded is shared: a promise would die with the request that made it.
  const ring = async (now: number): Promise<Ring> => {
    if (cached !== null && Math.abs(now - cached.loadedAt) < SIGNING_KEYS_CACHE_SECONDS) return cached.ring
    const loaded = await loadRing(storage, secrets, now)
    cached = { ring: loaded, loadedAt: now }
    return loaded
  }

  return {
    async sign(typ, claims, now) {
      const { active } = await ring(now)
      const token = await new CompactSign(utf8(JSON.stringify(claims)))
        .setProtectedHeader({ alg: ALG, typ, kid: active.kid })
        .sign(active.key)
      return { token, commitment: await commitmentOf(token.slice(0, token.lastIndexOf('.'))) }
    },

    async hasValidSignature(jwt, token, now) {
      const key = (await ring(now)).verifiers.get(jwt.kid)
      if (key === undefined) return false
      try {
        await compactVerify(token, key, { algorithms: [ALG] })
        return true
      } catch {
        return false
      }
    },

    publicJwks: async now => ({ keys: (await ring(now)).jwks }),
  }
}

async function loadRing(storage: KeyStorage, secrets: Secrets, now: number): Promise<Ring> {
  let stored = await storage.list()
  if (!stored.some(key => key.state === 'active')) {
    await storage.insertFirst(await generateKey(secrets, now))
    stored = await storage.list()
  }
  const active = stored.find(key => key.state === 'active')
  if (active === undefined) throw new Error('no active signing key')
  const jwks = stored.map(key => ({ ...publicMembers(key.public_jwk), kid: key.kid, alg: ALG, use: 'sig' }))
  const verifiers = new Map<string, CryptoKey>()
  for (const jwk of jwks) verifiers.set(jwk.kid, (await importJWK(jwk, ALG)) as CryptoKey)
  return {
    active: { kid: active.kid, key: (await importJWK(await unsealKey(secrets, active), ALG)) as CryptoKey },
    verifiers,
    jwks,
  }
}

/** The private JWK of a stored key. Throws when the sealing secret is not the one that sealed it. */
export async function unsealKey(secrets: Secrets, key: StoredKey): Promise<JWK> {
  const text =
    key.sealed_private_jwk === null
      ? null
      : await secrets.unseal('signing-key', key.kid, key.sealed_private_jwk)
  if (text === null)
    throw new Error(`signing key ${key.kid} cannot be unsealed: is SEALING_SECRET the right one?`)
  return JSON.parse(text) as JWK
}

async function generateKey(secrets: Secrets, now: number) {
  const kid = randomId('k')
  const pair = await generateKeyPair(ALG, { extractable: true })
  return {
    kid,
    now,
    publicJwk: JSON.stringify(publicMembers(JSON.stringify(await exportJWK(pair.publicKey)))),
    sealedPrivateJwk: await secrets.seal(
      'signing-key',
      kid,
      JSON.stringify(await exportJWK(pair.privateKey)),
    ),
  }
}

function publicMembers(text: string): JWK {
  const { kty, crv, x, y } = JSON.parse(text) as Record<string, string>
  return { kty, crv, x, y } as JWK
}
