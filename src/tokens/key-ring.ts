// The signing keys as one isolate knows them: unsealed, cached for less than the overlap of a rotation.
import { CompactSign, compactVerify, importJWK, type JWK } from 'jose'
import { utf8 } from '../domain/encoding.ts'
import { isOverdue, type KeyCommand } from '../domain/key-rotation.ts'
import { ALARM_NOTICE_SECONDS, REMEMBERED_SIGNATURES, SIGNING_KEYS_CACHE_SECONDS } from '../domain/limits.ts'
import type { SigningKeyRow } from '../store/signing-keys.ts'
import { createRecent } from '../verifier/recent.ts'
import { changeKeys, type KeyStorage, loadKeys } from './change-keys.ts'
import { digest } from './digest.ts'
import type { Secrets } from './secrets.ts'
import { ALG, publishedJwk, unsealKey } from './signing-key.ts'
import type { StrictJwt, TokenType } from './strict-jwt.ts'

export interface SignedToken {
  readonly token: string
  /** SHA-256 over the exact signing input: it covers the bucket and every claim. */
  readonly commitment: string
}

export interface KeyRing {
  sign(typ: TokenType, claims: object, now: number): Promise<SignedToken>
  /**
   * The commitment of a token that one of our published keys has signed, null for any other: an unknown kid without looking
   * further. A signature that was good once is not verified again while its key is published.
   */
  verify(jwt: StrictJwt, token: string, now: number): Promise<string | null>
  /** Public members only (RFC 7517), and for how long they may be kept: no cache is older than an isolate's. */
  publicJwks(now: number): Promise<{ readonly keys: JWK[]; readonly maxAgeSeconds: number }>
  /** The key that signs, where it should have been replaced a week ago: said once an hour. */
  takeOverdue(now: number): string | null
  /** Keys that are not gone, what is due being done: this isolate knows it at once, others within the cache's bound. */
  settle(now: number): Promise<readonly SigningKeyRow[]>
  /** An ordinary rotation: now, or when the pending key is known to every cache. */
  rotate(now: number): Promise<readonly SigningKeyRow[]>
  /** An emergency. @returns null when there is no such key, or it is gone */
  remove(kid: string, now: number): Promise<readonly SigningKeyRow[] | null>
}

interface Ring {
  readonly overdue: string | null
  readonly active: { readonly kid: string; readonly key: CryptoKey }
  readonly verifiers: ReadonlyMap<string, CryptoKey>
  readonly jwks: JWK[]
}

interface LoadedRing extends Ring {
  readonly loadedAt: number
}

const commitmentOf = (signingInput: string): Promise<string> => digest('commitment', signingInput)

export function createKeyRing(storage: KeyStorage, secrets: Secrets): KeyRing {
  let cached: LoadedRing | null = null
  let changes = 0
  let overdueSaidAt = 0
  // By the very bytes of the token, which name the key; nothing in here says that a token is still good.
  const signed = createRecent<string>(REMEMBERED_SIGNATURES)

  // Only what has been loaded is shared: a promise would die with the request that made it.
  const ring = async (now: number): Promise<LoadedRing> => {
    if (cached !== null && Math.abs(now - cached.loadedAt) < SIGNING_KEYS_CACHE_SECONDS) return cached
    const known = changes
    const loaded = { ...(await loadRing(storage, secrets, now)), loadedAt: now }
    // What was read before a change made here must not outlive it.
    if (known === changes) cached = loaded
    return loaded
  }

  const change = async (command: KeyCommand, now: number) => {
    try {
      return await changeKeys(storage, secrets, command, now)
    } finally {
      cached = null
      changes++
    }
  }

  return {
    async sign(typ, claims, now) {
      const { active } = await ring(now)
      const token = await new CompactSign(utf8(JSON.stringify(claims)))
        .setProtectedHeader({ alg: ALG, typ, kid: active.kid })
        .sign(active.key)
      return { token, commitment: await commitmentOf(token.slice(0, token.lastIndexOf('.'))) }
    },

    async verify(jwt, token, now) {
      const key = (await ring(now)).verifiers.get(jwt.kid)
      if (key === undefined) return null
      const known = signed.find(token)
      if (known !== undefined) return known
      try {
        await compactVerify(token, key, { algorithms: [ALG] })
      } catch {
        return null
      }
      const commitment = await commitmentOf(jwt.signingInput)
      signed.remember(token, commitment)
      return commitment
    },

    async publicJwks(now) {
      const { jwks, loadedAt } = await ring(now)
      const left = SIGNING_KEYS_CACHE_SECONDS - Math.max(0, now - loadedAt)
      return { keys: jwks, maxAgeSeconds: left }
    },

    takeOverdue(now) {
      const kid = cached?.overdue ?? null
      if (kid === null || now - overdueSaidAt < ALARM_NOTICE_SECONDS) return null
      overdueSaidAt = now
      return kid
    },

    settle: async now => (await change({ type: 'settle' }, now)) ?? [],

    async rotate(now) {
      const active = (await loadKeys(storage, secrets, now)).find(key => key.state === 'active')
      return (await change({ type: 'rotate', from: active?.kid ?? '' }, now)) ?? []
    },

    remove: (kid, now) => change({ type: 'remove', kid }, now),
  }
}

async function loadRing(storage: KeyStorage, secrets: Secrets, now: number): Promise<Ring> {
  const stored = await loadKeys(storage, secrets, now)
  const active = stored.find(key => key.state === 'active')
  if (active === undefined) throw new Error('no active signing key')
  const jwks = stored.map(publishedJwk)
  const verifiers = new Map<string, CryptoKey>()
  for (const jwk of jwks) verifiers.set(jwk.kid, (await importJWK(jwk, ALG)) as CryptoKey)
  return {
    overdue: isOverdue(active, now) ? active.kid : null,
    active: { kid: active.kid, key: (await importJWK(await unsealKey(secrets, active), ALG)) as CryptoKey },
    verifiers,
    jwks,
  }
}
