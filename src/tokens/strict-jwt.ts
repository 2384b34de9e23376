// The guard before jose: one canonical compact form, one plain header. jose alone lets odd tokens through.
import { type JsonObject, parseBase64url, parseJsonObject, parseUtf8 } from '../domain/encoding.ts'
import { TOKEN_MAX_CHARS } from '../domain/limits.ts'

export type TokenType = 'at+jwt' | 'magic-link+jwt' | 'logout+jwt' | 'JWT'

/** A JWS signed with ES256, whoever's key that is. */
export interface StrictJws {
  readonly header: JsonObject
  /** header.payload, exactly as signed. */
  readonly signingInput: string
  /** null when the payload is no JSON object: a valid signature over it is still a forgery. */
  readonly claims: JsonObject | null
}

/** One that names a key of ours. */
export interface StrictJwt extends Omit<StrictJws, 'header'> {
  readonly typ: string
  readonly kid: string
}

/** Header members that would change how the token is read (RFC 7515 §4.1, RFC 7797), or lead to a key elsewhere. */
const REFUSED_HEADERS = ['crit', 'b64', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'enc', 'zip']

const ES256_SIGNATURE_BYTES = 64

/** null for any odd form: it is refused without a look at keys or storage. */
export function parseStrictJws(token: string): StrictJws | null {
  if (token.length > TOKEN_MAX_CHARS) return null
  const parts = token.split('.')
  const [headerPart, payloadPart, signaturePart] = parts
  if (parts.length !== 3 || !headerPart || !payloadPart || !signaturePart) return null
  const header = parseHeader(headerPart)
  const payload = parseBase64url(payloadPart)
  if (header === null || payload === null) return null
  if (parseBase64url(signaturePart)?.byteLength !== ES256_SIGNATURE_BYTES) return null
  const text = parseUtf8(payload)
  return {
    header,
    signingInput: `${headerPart}.${payloadPart}`,
    claims: text === null ? null : parseJsonObject(text),
  }
}

/** Of the tokens that we sign: the key is named, and never brought along. */
export function parseStrictJwt(token: string): StrictJwt | null {
  const jws = parseStrictJws(token)
  if (jws === null || Object.hasOwn(jws.header, 'jwk')) return null
  const { header, signingInput, claims } = jws
  const { typ, kid } = header
  if (typeof typ !== 'string' || typeof kid !== 'string') return null
  return { typ, kid, signingInput, claims }
}

function parseHeader(part: string): JsonObject | null {
  const bytes = parseBase64url(part)
  const text = bytes === null ? null : parseUtf8(bytes)
  const header = text === null ? null : parseJsonObject(text)
  if (text === null || header === null) return null
  // Written again, a plain header is the same but for white space; one with duplicate members is not.
  if (JSON.stringify(header) !== withoutWhitespace(text)) return null
  if (REFUSED_HEADERS.some(name => Object.hasOwn(header, name))) return null
  return header.alg === 'ES256' ? header : null
}

const withoutWhitespace = (json: string): string =>
  json.replace(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, (_, string?: string) => string ?? '')
