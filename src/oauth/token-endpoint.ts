// POST /oauth2/token: authenticate the client, find the grant, exchange.
import type { Client, GrantType } from '../domain/client.ts'
import { record } from '../records/record.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import type { TokenAnswer } from './credentials.ts'
import { readTokenProof } from './dpop.ts'
import { OAuthError } from './errors.ts'
import { authorizationCode } from './grants/authorization-code.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import { deviceCode } from './grants/device-code.ts'
import type { Grant } from './grants/grant.ts'
import { magicLink } from './grants/magic-link.ts'
import { refreshToken } from './grants/refresh-token.ts'
import { type FormParameters, required } from './parameters.ts'
import { requireGrant } from './registered.ts'

/** What can be exchanged for tokens. */
export const GRANTS: readonly Grant[] = [
  authorizationCode,
  refreshToken,
  clientCredentials,
  deviceCode,
  magicLink,
]

export const SERVED_GRANT_TYPES: readonly GrantType[] = GRANTS.map(grant => grant.grantType)

/**
 * @param dpop the header with the proof of possession
 * Throws OAuthError for every refusal.
 */
export async function exchangeToken(
  parts: Parts,
  client: Client,
  form: FormParameters,
  dpop: string | undefined,
  facts: RequestFacts,
): Promise<TokenAnswer> {
  const grantType = required(form, 'grant_type')
  const grant = GRANTS.find(each => each.grantType === grantType)
  if (grant === undefined) throw new OAuthError('unsupported_grant_type', 'no such grant')
  requireGrant(client, grant.grantType)
  const proof = await readTokenProof(parts, client, dpop, facts.now)
  const answer = await grant.exchange(parts, client, form, facts, proof)
  if (grant === refreshToken) record('token.refreshed')
  else record('token.issued', { reason: grant.grantType, ...(answer.user_id && { user_id: answer.user_id }) })
  return answer
}
