// DPoP proofs (RFC 9449 §4): a key signs one request. Server nonces are not used.
import { DPOP_PROOF_SECONDS } from '../domain/limits.ts'
import { parsePublicJwk } from '../domain/public-jwk.ts'
import { sha256 } from './digest.ts'
import { isSignedBy, thumbprint } from './foreign-key.ts'
import { isProofJti, type ProofId, proofIdOf } from './proof-id.ts'
import { parseStrictJws } from './strict-jwt.ts'

export const DPOP_ALGS = ['ES256'] as const
const DPOP_TYP = 'dpop+jwt'

export interface DpopProof {
  /** Thumbprint of the key (RFC 7638): what tokens are bound to. */
  readonly jkt: string
  readonly id: ProofId
}

/** The request that a proof must be about. */
export interface ProvenRequest {
  readonly method: string
  /** Of the configured issuer, without query and fragment. */
  readonly uri: string
  /** The token that is presented with it; null at the token endpoint. */
  readonly accessToken: string | null
}

/** Every check of RFC 9449 §4.3 but the first use of the proof; null when one of them fails. */
export async function checkDpopProof(
  text: string,
  request: ProvenRequest,
  now: number,
): Promise<DpopProof | null> {
  const jws = parseStrictJws(text)
  const jwk = parsePublicJwk(jws?.header.jwk)
  if (jws === null || jwk === null || jws.header.typ !== DPOP_TYP) return null
  const { htm, htu, iat, jti, ath } = jws.claims ?? {}
  if (htm !== request.method || !isSameUri(htu, request.uri)) return null
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat)) return null
  if (Math.abs(now - iat) > DPOP_PROOF_SECONDS || !isProofJti(jti)) return null
  if (request.accessToken !== null && ath !== (await sha256(request.accessToken))) return null
  if (!(await isSignedBy(jwk, text))) return null
  const jkt = await thumbprint(jwk)
  return { jkt, id: await proofIdOf('dpop-proof', jkt, jti, iat + DPOP_PROOF_SECONDS) }
}

/** Without query and fragment, in the normal form of URLs (RFC 9449 §4.3, RFC 3986 §6.2). */
function isSameUri(htu: unknown, uri: string): boolean {
  if (typeof htu !== 'string' || !/^[\x21-\x7E]+$/.test(htu) || !URL.canParse(htu)) return false
  const { origin, pathname, username, password } = new URL(htu)
  return username === '' && password === '' && `${origin}${pathname}` === uri
}
