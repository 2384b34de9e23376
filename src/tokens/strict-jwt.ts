// The guard before jose: one canonical compact form, one plain header. jose alone lets odd tokens through.
import { parseBase64url, parseJsonObject, parseUtf8 } from '../domain/encoding.ts'
import { TOKEN_MAX_CHARS } from '../domain/limits.ts'

export type TokenType = 'at+jwt' | 'magic-link+jwt' | 'JWT'

export interface StrictJwt {
  readonly typ: string
  readonly kid: string
  /** header.payload, exactly as signed. */
  readonly signingInput: string
  /** null when the payload is no JSON object: a valid signature over it is still a forgery. */
  readonly claims: Readonly<Record<string, unknown>> | null
}

/** Header members that would change how the token is read (RFC 7515 §4.1, RFC 7797), or bring a key of their own. */
const REFUSED_HEADERS = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'enc', 'zip']

const ES256_SIGNATURE_BYTES = 64

/** null for any odd form: it is refused without a look at keys or storage. */
export function parseStrictJwt(token: string): StrictJwt | null {
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
    ...header,
    signingInput: `${headerPart}.${payloadPart}`,
    claims: text === null ? null : parseJsonObject(text),
  }
}

function parseHeader(part: string): { typ: string; kid: string } | null {
  const bytes = parseBase64url(part)
  const text = bytes === null ? null : parseUtf8(bytes)
  const header = text === null ? null : parseJsonObject(text)
  if (text === null || header === null) return null
  // Written again, a plain header is the same but for white space; one with duplicate members is not.
  if (JSON.stringify(header) !== withoutWhitespace(text)) return null
  if (REFUSED_HEADERS.some(name => Object.hasOwn(header, name))) return null
  const { alg, typ, kid } = header
  if (alg !== 'ES256' || typeof typ !== 'string' || typeof kid !== 'string') return null
  return { typ, kid }
}

const withoutWhitespace = (json: string): string =>
  json.replace(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, (_, string?: string) => string ?? '')
