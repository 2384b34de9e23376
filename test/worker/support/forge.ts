// Whoever holds our signing key: keys kept in memory, and a signer that signs anything.
import { toBase64url, utf8 } from '../../../src/domain/encoding.ts'
import { ConstraintViolated } from '../../../src/store/d1.ts'
import type { SigningKeyRow } from '../../../src/store/signing-keys.ts'
import type { KeyStorage } from '../../../src/tokens/change-keys.ts'
import { createKeyRing } from '../../../src/tokens/key-ring.ts'
import { createSecrets, type Secrets } from '../../../src/tokens/secrets.ts'
import { unsealKey } from '../../../src/tokens/signing-key.ts'

export const NOW = 1_800_000_000
export const someSecrets = (): Secrets => createSecrets([crypto.randomUUID()], [crypto.randomUUID()])

export interface MemoryKeys extends KeyStorage {
  readonly keys: SigningKeyRow[]
  readonly calls: { list: number; change: number }
}

/** For rings that only make their first keys: as in the database, there is one active key and one pending. */
export function memoryKeys(): MemoryKeys {
  const keys: SigningKeyRow[] = []
  const calls = { list: 0, change: 0 }
  return {
    keys,
    calls,
    list: async () => {
      calls.list++
      return [...keys]
    },
    change: async (change, created, now) => {
      calls.change++
      if (created.some(({ state }) => keys.some(key => key.state === state))) {
        throw new ConstraintViolated('somebody was first')
      }
      for (const { kid, state, knownAt, publicJwk, sealedPrivateJwk } of created) {
        keys.push({
          kid,
          state,
          public_jwk: publicJwk,
          sealed_private_jwk: sealedPrivateJwk,
          created_at: now,
          known_at: knownAt,
          active_at: state === 'active' ? now : null,
          rotation_ordered_at: null,
          retiring_at: null,
          gone_at: null,
        })
      }
      return change
    },
  }
}

/** The key that signs. */
export function activeOf(keys: readonly SigningKeyRow[]): SigningKeyRow {
  const active = keys.find(key => key.state === 'active')
  if (active === undefined) throw new Error('no active key')
  return active
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' }

/** The 64 bytes r‖s over a text. */
export async function signText(key: CryptoKey, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, utf8(text)))
}

export async function newSigningKey(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey(P256, true, ['sign', 'verify'])) as CryptoKeyPair
}

export interface Forge {
  readonly ring: ReturnType<typeof createKeyRing>
  readonly storage: MemoryKeys
  readonly kid: string
  readonly key: CryptoKey
  readonly publicJwk: JsonWebKey
  /** A token of ours as it should be. */
  readonly token: string
  /** The usual header with changes; `undefined` takes a member away. */
  header(changes?: Record<string, unknown>): string
  /** Signs the given texts, whatever they are. */
  sign(header: string, payload?: string | Uint8Array): Promise<string>
}

export async function createForge(): Promise<Forge> {
  const secrets = someSecrets()
  const storage = memoryKeys()
  const ring = createKeyRing(storage, secrets)
  const { token } = await ring.sign('at+jwt', CLAIMS, NOW)
  const stored = activeOf(storage.keys)
  const jwk = (await unsealKey(secrets, stored)) as JsonWebKey
  const key = await crypto.subtle.importKey('jwk', jwk, P256, false, ['sign'])
  const header = (changes: Record<string, unknown> = {}) =>
    JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: stored.kid, ...changes })
  return {
    ring,
    storage,
    kid: stored.kid,
    key,
    publicJwk: JSON.parse(stored.public_jwk) as JsonWebKey,
    token,
    header,
    sign: async (headerText, payload = JSON.stringify(CLAIMS)) => {
      const bytes = typeof payload === 'string' ? utf8(payload) : payload
      const input = `${toBase64url(utf8(headerText))}.${toBase64url(bytes)}`
      return `${input}.${toBase64url(await signText(key, input))}`
    },
  }
}

export const CLAIMS = { iss: 'https://auth.test', sub: 'u_1', iat: NOW, exp: NOW + 600, eb: '>>>???~~~' }
