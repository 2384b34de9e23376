// private_key_jwt (RFC 7523 §2.2): a client proves who it is by its key.
import type { Client } from '../domain/client.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { type ClientAssertion, readClientAssertion } from '../tokens/client-assertion.ts'
import { isFirstUse } from './first-use.ts'
import type { FormParameters } from './parameters.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export const hasAssertion = (form: FormParameters): boolean =>
  form.client_assertion !== undefined || form.client_assertion_type !== undefined

/** Where clients name an endpoint and not the issuer: either counts as our name at every endpoint (RFC 9126 §2). */
const NAMED_ENDPOINTS = ['/oauth2/token', '/oauth2/par']

/** null for what is none, or not for us. */
export function assertionOf(
  parts: Pick<Parts, 'config'>,
  form: FormParameters,
  now: number,
): Promise<ClientAssertion | null> {
  const { issuer } = parts.config
  const { client_assertion: text, client_assertion_type: type } = form
  if (text === undefined || type !== JWT_BEARER) return Promise.resolve(null)
  return readClientAssertion(text, [issuer, ...NAMED_ENDPOINTS.map(path => issuer + path)], now)
}

/** Why it does not prove that the client sent it; null when it does, and then it is used. */
export async function findFault(
  parts: Pick<Parts, 'clientKeys' | 'shards'>,
  client: Client,
  assertion: ClientAssertion,
  facts: Pick<RequestFacts, 'now' | 'waitUntil'>,
): Promise<string | null> {
  const jwk = await parts.clientKeys.find(client, assertion.kid, facts)
  if (jwk === null) return 'no such key'
  if (!(await assertion.isSignedBy(jwk))) return 'bad signature'
  return (await isFirstUse(parts, assertion.id)) ? null : 'used before'
}
