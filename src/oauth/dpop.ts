// Possession of a key at the token endpoint (RFC 9449 §5).
import type { Client } from '../domain/client.ts'
import type { Parts } from '../sign-in/parts.ts'
import { checkDpopProof, type DpopProof } from '../tokens/dpop-proof.ts'
import { OAuthError } from './errors.ts'
import { isFirstUse } from './first-use.ts'

/**
 * The proof of a token request, checked and not yet used; null when none came.
 * @param header the `DPoP` header
 * Throws `invalid_dpop_proof` for a bad one, and for none where the client is registered for bound tokens.
 */
export async function readProof(
  parts: Pick<Parts, 'config'>,
  client: Client,
  header: string | undefined,
  now: number,
): Promise<DpopProof | null> {
  if (header === undefined) {
    if (client.dpop_bound_access_tokens) throw invalidProof('this client has to send a DPoP proof')
    return null
  }
  const request = { method: 'POST', uri: `${parts.config.issuer}/oauth2/token`, accessToken: null }
  const proof = await checkDpopProof(header, request, now)
  if (proof === null) throw invalidProof('the DPoP proof is not valid for this request')
  return proof
}

/**
 * For every grant: after its own checks, before it spends anything.
 * @returns the thumbprint that the access token is bound to; null without a proof
 * Throws `invalid_dpop_proof` when the proof was used before.
 */
export async function useProof(
  parts: Pick<Parts, 'shards'>,
  proof: DpopProof | null,
): Promise<string | null> {
  if (proof === null) return null
  if (!(await isFirstUse(parts, proof.id))) throw invalidProof('the DPoP proof was used before')
  return proof.jkt
}

const invalidProof = (description: string): OAuthError => new OAuthError('invalid_dpop_proof', description)
