// A token with the proof that its holder has the key it is bound to (RFC 9449 §7).
import { isFirstUse } from '../oauth/first-use.ts'
import type { AccessClaims } from '../tokens/access-token.ts'
import { checkDpopProof, DPOP_ALGS, type DpopProof } from '../tokens/dpop-proof.ts'
import type { LatchkeyContext } from './context.ts'
import { Problem } from './problem.ts'

export type TokenScheme = 'Bearer' | 'DPoP'

export interface PresentedToken {
  readonly scheme: TokenScheme
  readonly text: string
}

/** The value of WWW-Authenticate (RFC 6750 §3, RFC 9449 §7.1). */
export const challenge = (scheme: TokenScheme, error: string): string =>
  scheme === 'DPoP' ? `DPoP error="${error}", algs="${DPOP_ALGS.join(' ')}"` : `Bearer error="${error}"`

/**
 * The proof that came with a bound token, checked and not yet used; null for a bearer token. Throws 401 for a bound token
 * without its proof, a proof by another key or for another request, and a proof for a token that is bound to nothing.
 */
export async function checkPossession(
  c: LatchkeyContext,
  { scheme, text }: PresentedToken,
  claims: AccessClaims,
): Promise<DpopProof | null> {
  const jkt = claims.cnf?.jkt
  if (scheme === 'Bearer' && jkt === undefined) return null
  if (scheme === 'Bearer') throw refusal('invalid_token', ['Bearer', 'DPoP'])
  if (jkt === undefined) throw refusal('invalid_token')
  const { parts, facts } = c.var
  const uri = `${parts.config.issuer}${new URL(c.req.url).pathname}`
  const request = { method: c.req.method, uri, accessToken: text }
  const proof = await checkDpopProof(c.req.header('DPoP') ?? '', request, facts.now)
  if (proof?.jkt !== jkt) throw refusal('invalid_dpop_proof')
  return proof
}

/** Writes one row, so it comes last. Throws 401 for a proof that was used before. */
export async function refuseUsedProof(c: LatchkeyContext, proof: DpopProof | null): Promise<void> {
  if (proof !== null && !(await isFirstUse(c.var.parts, proof.id))) throw refusal('invalid_dpop_proof')
}

/** @param schemes that the answer is about: of a bound token that came as a bearer token, that one, and the one that takes it */
function refusal(
  code: 'invalid_token' | 'invalid_dpop_proof',
  schemes: readonly TokenScheme[] = ['DPoP'],
): Problem {
  const value = schemes.map(scheme => challenge(scheme, code)).join(', ')
  return new Problem(code, { headers: { 'WWW-Authenticate': value } })
}
