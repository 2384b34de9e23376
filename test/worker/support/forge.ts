// Whoever holds our signing key: keys kept in memory, and a signer that signs anything.
import { toBase64url, utf8 } from '../../../src/domain/encoding.ts'
import { createKeyRing, type KeyStorage, type StoredKey, unsealKey } from '../../../src/tokens/key-ring.ts'
import { createSecrets, type Secrets } from '../../../src/tokens/secrets.ts'

export const NOW = 1_800_000_000
export const someSecrets = (): Secrets => createSecrets(crypto.randomUUID(), crypto.randomUUID())

export interface MemoryKeys extends KeyStorage {
  readonly keys: StoredKey[]
  readonly calls: { list: number; insertFirst: number }
}

/** As in the database, only one key can be active. */
export function memoryKeys(): MemoryKeys {
  const keys: StoredKey[] = []
  const calls = { list: 0, insertFirst: 0 }
  return {
    keys,
    calls,
    list: async () => {
      calls.list++
      return [...keys]
    },
    insertFirst: async ({ kid, publicJwk, sealedPrivateJwk }) => {
      calls.insertFirst++
      if (keys.some(key => key.state === 'active')) return
      keys.push({ kid, state: 'active', public_jwk: publicJwk, sealed_private_jwk: sealedPrivateJwk })
    },
  }
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
  const [stored] = storage.keys
  if (stored === undefined) throw new Error('the ring has made no key')
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
