// Bytes and text. Pure; knows nothing of keys.

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** Writes as much as fits. @returns how long that is, in UTF-16 code units */
export const writeUtf8 = (text: string, bytes: Uint8Array): number => encoder.encodeInto(text, bytes).read

/** What Workers do themselves; Node does from 25 on. */
interface NativeBase64 {
  toBase64?(form?: typeof URL_SAFE): string
}
interface NativeBytes {
  fromBase64?(text: string, form: typeof URL_SAFE): Uint8Array
}

const URL_SAFE = { alphabet: 'base64url', omitPadding: true } as const

/** base64 with padding (RFC 4648 §4). */
export const toBase64 = (bytes: Uint8Array): string =>
  (bytes as NativeBase64).toBase64?.() ?? btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))

/** base64url without padding (RFC 4648 §5). */
export const toBase64url = (bytes: Uint8Array): string =>
  (bytes as NativeBase64).toBase64?.(URL_SAFE) ??
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** With padding or without (RFC 4648 §4). Throws for anything else. */
export function parseBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

const decodeBase64url = (text: string): Uint8Array =>
  (Uint8Array as NativeBytes).fromBase64?.(text, URL_SAFE) ??
  parseBase64(text.replaceAll('-', '+').replaceAll('_', '/'))

/** Canonical base64url only: no padding, no spare bits (RFC 4648 §3.5); null for anything else. */
export function parseBase64url(text: string): Uint8Array | null {
  try {
    const bytes = decodeBase64url(text)
    // Of all that decode to these bytes, only one is how they are written.
    return toBase64url(bytes) === text ? bytes : null
  } catch {
    return null
  }
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Strict UTF-8; null for invalid sequences. */
export function parseUtf8(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return null
  }
}

/** Controls, format characters, what is unassigned or half a character, line and paragraph separators. */
export const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu

/** Each as JSON would write it. */
export const escapeCharacters = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('')

/** What nearly every line is: to look for this costs a tenth of looking for those. */
const PLAIN = /^[ -~]*$/

/** JSON that no value in it can split, hide or turn around, whatever the reader takes for the end of a line. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value)
  return PLAIN.test(text) ? text : text.replaceAll(UNPRINTABLE, escapeCharacters)
}

export type JsonObject = Readonly<Record<string, unknown>>

/** A JSON object, or null: arrays, scalars and malformed text are null. */
export function parseJsonObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}
