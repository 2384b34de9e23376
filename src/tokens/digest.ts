// SHA-256 under a domain-separation prefix, and comparison in constant time.
import { toBase64url, utf8, writeUtf8 } from '../domain/encoding.ts'

/** What a digest is of. No two kinds of secret share a prefix. */
export type DigestPurpose =
  | 'commitment'
  | 'refresh-token'
  | 'browser-session'
  | 'sign-in-binding'
  | 'authorization-code'
  | 'device-code'
  | 'client-secret'
  | 'initial-access-token'
  | 'registration-access-token'
  | 'admin-token'
  | 'address'
  | 'dpop-proof'
  | 'client-assertion'
  | 'event-details'
  | 'deployment-secret'

export async function digestBytes(purpose: DigestPurpose, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(`latchkey/${purpose}/v1\0${text}`)))
}

/** 32 bytes, base64url. */
export async function digest(purpose: DigestPurpose, text: string): Promise<string> {
  return toBase64url(await digestBytes(purpose, text))
}

/** Without a prefix, as protocols have it: base64url. */
export async function sha256(text: string): Promise<string> {
  return toBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))))
}

/** PKCE S256 (RFC 7636 §4.2). */
export const pkceChallenge = (verifier: string): Promise<string> => sha256(verifier)

/** Whether a digest is one of several, in a time that does not tell which. */
export const isOneOf = (digests: readonly string[], digest: string): boolean =>
  digests.filter(each => digestsEqual(each, digest)).length > 0

const DIGEST_CHARS = 43
/** Overwritten by each comparison, which nothing interrupts. */
const LEFT = new Uint8Array(DIGEST_CHARS)
const RIGHT = new Uint8Array(DIGEST_CHARS)

/** Constant time over digests, which have one length and are written in one way only; anything else is unequal. */
export function digestsEqual(a: string, b: string): boolean {
  return isWrittenTo(LEFT, a) && isWrittenTo(RIGHT, b) && crypto.subtle.timingSafeEqual(LEFT, RIGHT)
}

/** Whether it is as long as a digest, to the character and to the byte. */
const isWrittenTo = (bytes: Uint8Array, text: string): boolean =>
  text.length === DIGEST_CHARS && writeUtf8(text, bytes) === DIGEST_CHARS
