// Bytes and text. Pure; knows nothing of keys.

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** base64url without padding (RFC 4648 §5). */
export const toBase64url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** What stands behind whole groups of four must leave no bits over. */
const CANONICAL = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$/

/** Canonical base64url only: no padding, no spare bits (RFC 4648 §3.5); null for anything else. */
export function parseBase64url(text: string): Uint8Array | null {
  if (!CANONICAL.test(text)) return null
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** Strict UTF-8; null for invalid sequences. */
export function parseUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
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

/** JSON that no value in it can split, hide or turn around, whatever the reader takes for the end of a line. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value).replaceAll(UNPRINTABLE, escapeCharacters)

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
