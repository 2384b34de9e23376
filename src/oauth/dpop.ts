// Possession of a key at the token endpoint, and where a request is pushed (RFC 9449 §5, §10).
import type { Client } from '../domain/client.ts'
import type { Parts } from '../sign-in/parts.ts'
import { checkDpopProof, type DpopProof } from '../tokens/dpop-proof.ts'
import { OAuthError } from './errors.ts'
import { isFirstUse } from './first-use.ts'

type ProvenPath = '/oauth2/token' | '/oauth2/par'

/**
 * The proof of a token request, checked and not yet used; null when none came.
 * @param header the `DPoP` header
 * Throws `invalid_dpop_proof` for a bad one, and for none where the client is registered for bound tokens.
 */
export async function readTokenProof(
  parts: Pick<Parts, 'config'>,
  client: Client,
  header: string | undefined,
  now: number,
): Promise<DpopProof | null> {
  if (header === undefined && client.dpop_bound_access_tokens) {
    throw invalidProof('this client has to send a DPoP proof')
  }
  return readProof(parts, '/oauth2/token', header, now)
}

/** The proof of a request to this endpoint; null when none came. Throws `invalid_dpop_proof` for a bad one. */
export async function readProof(
  parts: Pick<Parts, 'config'>,
  path: ProvenPath,
  header: string | undefined,
  now: number,
): Promise<DpopProof | null> {
  if (header === undefined) return null
  const request = { method: 'POST', uri: `${parts.config.issuer}${path}`, accessToken: null }
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

export const invalidProof = (description: string): OAuthError =>
  new OAuthError('invalid_dpop_proof', description)
