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
