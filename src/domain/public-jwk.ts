// Other parties' public keys (RFC 7517): P-256 for ES256, and nothing else.
import { parseBase64url } from './encoding.ts'

/** The members of which a thumbprint is made (RFC 7638 §3.2), and no other. */
export interface PublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** Members that hold private or shared key material, of any kind of key (RFC 7518 §6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** null for any other kind of key, for one meant for something else, and for one that holds its private part. */
export function parsePublicJwk(value: unknown): PublicJwk | null {
  if (typeof value !== 'object' || value === null) return null
  const { kty, crv, x, y, alg = 'ES256', use = 'sig', key_ops: operations = ['verify'] } = value as Jwk
  if (PRIVATE_MEMBERS.some(name => Object.hasOwn(value, name))) return null
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y)) return null
  if (alg !== 'ES256' || use !== 'sig') return null
  if (!Array.isArray(operations) || !operations.includes('verify')) return null
  return { kty, crv, x, y }
}

type Jwk = Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'alg' | 'use' | 'key_ops', unknown>>

const isCoordinate = (value: unknown): value is string =>
  typeof value === 'string' && parseBase64url(value)?.byteLength === 32

export interface NamedKey {
  /** null when it has none. */
  readonly kid: string | null
  readonly jwk: PublicJwk
}

const KID_MAX_CHARS = 256
const KEYS_MAX = 20

/** The keys of a set (RFC 7517 §5) that can be used; others are left out. null for what is no set. */
export function parseJwks(set: unknown): readonly NamedKey[] | null {
  const keys = (set as { keys?: unknown } | null | undefined)?.keys
  if (!Array.isArray(keys)) return null
  return keys.slice(0, KEYS_MAX).flatMap(key => {
    const jwk = parsePublicJwk(key)
    const kid: unknown = (key as { kid?: unknown } | null)?.kid ?? null
    const isNamed = kid === null || (typeof kid === 'string' && kid !== '' && kid.length <= KID_MAX_CHARS)
    return jwk === null || !isNamed ? [] : [{ kid: kid as string | null, jwk }]
  })
}

/** Whether every key of a set can be used, and can be told from the others by its `kid`. */
export function isPlainJwks(set: unknown): boolean {
  const keys = parseJwks(set) ?? []
  const isWhole = keys.length > 0 && keys.length === (set as { keys: unknown[] }).keys.length
  const kids = new Set(keys.map(key => key.kid))
  return isWhole && kids.size === keys.length && (keys.length === 1 || !kids.has(null))
}

/** The key that is named; without a name, the only one. */
export function chooseKey(keys: readonly NamedKey[], kid: string | null): PublicJwk | null {
  if (kid === null) return keys.length === 1 ? (keys[0]?.jwk ?? null) : null
  return keys.find(key => key.kid === kid)?.jwk ?? null
}
