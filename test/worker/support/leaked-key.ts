// Whoever holds the signing key of the running service: it is unsealed from the database and signs anything.
import { parseBase64url, parseUtf8, toBase64url, utf8 } from '../../../src/domain/encoding.ts'
import { listPublishedKeys } from '../../../src/store/signing-keys.ts'
import { unsealKey } from '../../../src/tokens/signing-key.ts'
import type { Service } from './service.ts'

export type Claims = Record<string, unknown>

export interface LeakedKey {
  readonly kid: string
  /** Signs what is given, as it is given: text and bytes are not touched. */
  sign(payload: unknown, header?: unknown): Promise<string>
  /** The token again with other claims; `undefined` takes one away. */
  resign(token: string, changes?: Claims, header?: Claims): Promise<string>
  /** A header for `sign`, with changes. */
  header(changes?: Claims): Claims
}

export async function leakKey(service: Service): Promise<LeakedKey> {
  await service.parts.keys.publicJwks(service.now)
  const stored = (await listPublishedKeys(service.parts.shards.global)).find(key => key.state === 'active')
  if (stored === undefined) throw new Error('no active key')
  const jwk = (await unsealKey(service.parts.secrets, stored)) as JsonWebKey
  return signerOf(stored.kid, jwk)
}

export async function signerOf(kid: string, jwk: JsonWebKey): Promise<LeakedKey> {
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
  ])
  const header = (changes: Claims = {}): Claims => ({ alg: 'ES256', typ: 'at+jwt', kid, ...changes })
  const sign = async (payload: unknown, head: unknown = header()): Promise<string> => {
    const input = `${encodePart(head)}.${encodePart(payload)}`
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, utf8(input))
    return `${input}.${toBase64url(new Uint8Array(signature))}`
  }
  return {
    kid,
    header,
    sign,
    resign: (token, changes = {}, head = {}) =>
      sign({ ...claimsOf(token), ...changes }, { ...headerOf(token), ...head }),
  }
}

export const claimsOf = (token: string): Claims => decodePart(token, 1)
export const headerOf = (token: string): Claims => decodePart(token, 0)

/** The payload as it was signed, to be signed again after a change of its text. */
export const payloadText = (token: string): string =>
  parseUtf8(parseBase64url(token.split('.')[1] ?? '') ?? new Uint8Array()) ?? ''

/** Another valid signature over the same signing input, made without any key: (r, n - s). */
export function twin(token: string): string {
  const [header, payload, signature = ''] = token.split('.')
  const bytes = parseBase64url(signature) ?? new Uint8Array()
  const s = BigInt(`0x${toHex(bytes.slice(32))}`)
  const other = (P256_ORDER - s).toString(16).padStart(64, '0')
  const flipped = Uint8Array.from(other.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
  return `${header}.${payload}.${toBase64url(Uint8Array.from([...bytes.slice(0, 32), ...flipped]))}`
}

/** The same token with one bit of its signature changed. */
export function withBadSignature(token: string): string {
  const [header, payload, signature = ''] = token.split('.')
  const bytes = parseBase64url(signature) ?? new Uint8Array()
  return `${header}.${payload}.${toBase64url(bytes.map((byte, index) => (index === 20 ? byte ^ 1 : byte)))}`
}

export const toHex = (bytes: Uint8Array): string =>
  [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

function encodePart(part: unknown): string {
  if (part instanceof Uint8Array) return toBase64url(part)
  return toBase64url(utf8(typeof part === 'string' ? part : JSON.stringify(part)))
}

const decodePart = (token: string, index: number): Claims =>
  JSON.parse(parseUtf8(parseBase64url(token.split('.')[index] ?? '') ?? new Uint8Array()) ?? '{}') as Claims
