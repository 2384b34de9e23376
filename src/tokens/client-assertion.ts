// Assertions by which a client proves who it is (RFC 7523 §3, OpenID Connect Core §9).
import { ASSERTION_SECONDS, CLOCK_LEEWAY_SECONDS } from '../domain/limits.ts'
import type { PublicJwk } from '../domain/public-jwk.ts'
import { isSignedBy } from './foreign-key.ts'
import { isProofJti, type ProofId, proofIdOf } from './proof-id.ts'
import { parseStrictJws } from './strict-jwt.ts'

export const ASSERTION_ALGS = ['ES256'] as const

/** Not required by RFC 7523; what names another kind of token is none of these. */
const TYP = /^(?:jwt|client-authentication\+jwt)$/i

export interface ClientAssertion {
  /** Whom it claims to be from, until its signature has been checked. */
  readonly clientId: string
  /** null when it names no key. */
  readonly kid: string | null
  readonly id: ProofId
  readonly isSignedBy: (jwk: PublicJwk) => Promise<boolean>
}

/**
 * Every check but that of the signature and of the first use; null when one of them fails.
 * @param audiences one of which `aud` must be, alone: as a string or in an array (RFC 7519 §4.1.3)
 */
export async function readClientAssertion(
  text: string,
  audiences: readonly string[],
  now: number,
): Promise<ClientAssertion | null> {
  const jws = parseStrictJws(text)
  if (jws === null || Object.hasOwn(jws.header, 'jwk')) return null
  const { typ = 'JWT', kid = null } = jws.header
  if (typeof typ !== 'string' || !TYP.test(typ)) return null
  if (kid !== null && typeof kid !== 'string') return null
  const { iss, sub, aud, exp, iat = now, nbf = now, jti } = jws.claims ?? {}
  if (typeof sub !== 'string' || iss !== sub) return null
  const [audience, ...others] = Array.isArray(aud) ? aud : [aud]
  if (others.length > 0 || !audiences.includes(audience)) return null
  if (!isTime(exp) || exp + CLOCK_LEEWAY_SECONDS <= now) return null
  if (exp > now + ASSERTION_SECONDS + CLOCK_LEEWAY_SECONDS) return null
  if (![iat, nbf].every(time => isTime(time) && time <= now + CLOCK_LEEWAY_SECONDS)) return null
  if (!isProofJti(jti)) return null
  return {
    clientId: sub,
    kid,
    id: await proofIdOf('client-assertion', sub, jti, exp + CLOCK_LEEWAY_SECONDS),
    isSignedBy: jwk => isSignedBy(jwk, text),
  }
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
