// Client authentication (RFC 6749 §2.3): exactly the registered method, and no second one beside it.
import { ACCOUNT_CLIENT, type Client, secretDigestsOf } from '../domain/client.ts'
import { parseBase64, parseUtf8 } from '../domain/encoding.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import type { ClientAssertion } from '../tokens/client-assertion.ts'
import { digest, isOneOf } from '../tokens/digest.ts'
import { assertionOf, findFault, hasAssertion } from './client-assertion.ts'
import { OAuthError } from './errors.ts'
import type { FormParameters } from './parameters.ts'

/** Of a form, where the client says who it is without a header. */
export const CLIENT_PARAMETERS = [
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
] as const

interface PresentedSecret {
  readonly method: 'client_secret_basic' | 'client_secret_post'
  readonly clientId: string
  readonly secret: string
}

type Presented =
  | { readonly method: 'none'; readonly clientId: string }
  | PresentedSecret
  | { readonly method: 'private_key_jwt'; readonly clientId: string; readonly assertion: ClientAssertion }

/** Throws `invalid_client`, or `invalid_request` when more than one method is used. */
export async function authenticateClient(
  parts: Pick<Parts, 'config' | 'resolveClient' | 'reloadClient' | 'clientKeys' | 'shards' | 'limits'>,
  form: FormParameters,
  authorization: string | undefined,
  facts: Pick<RequestFacts, 'now' | 'clientIp' | 'waitUntil'>,
): Promise<Client> {
  const presented = await presentedCredentials(parts, form, authorization, facts.now)
  const client = await parts.resolveClient(presented.clientId, facts)
  // The built-in client has browser sessions only: it is no OAuth client.
  if (client === null || client.id === ACCOUNT_CLIENT.id) throw invalidClient('unknown client')
  if (client.token_endpoint_auth_method !== presented.method) throw invalidClient('not the registered method')
  const fault = await faultOf(parts, client, presented, facts)
  // What this isolate remembers may be older than the secret.
  if (fault === WRONG_SECRET && (await opensNow(parts, presented, facts))) return client
  if (fault !== null) throw invalidClient(fault, 'secret' in presented ? client.id : null)
  return client
}

async function faultOf(
  parts: Pick<Parts, 'clientKeys' | 'shards'>,
  client: Client,
  presented: Presented,
  facts: Pick<RequestFacts, 'now' | 'waitUntil'>,
): Promise<string | null> {
  switch (presented.method) {
    case 'none':
      return null
    case 'private_key_jwt':
      return findFault(parts, client, presented.assertion, facts)
    default: {
      return (await opens(client, presented, facts.now)) ? null : WRONG_SECRET
    }
  }
}

const WRONG_SECRET = 'wrong secret'

const opens = async (client: Client, { secret }: PresentedSecret, now: number): Promise<boolean> =>
  isOneOf(secretDigestsOf(client, now), await digest('client-secret', secret))

/** Not looked up for whom nothing opens any more. */
async function opensNow(
  { reloadClient, limits }: Pick<Parts, 'reloadClient' | 'limits'>,
  presented: Presented,
  { now, clientIp }: Pick<RequestFacts, 'now' | 'clientIp'>,
): Promise<boolean> {
  if (!('secret' in presented)) return false
  if (!limits.forSecret(presented.clientId, clientIp, now).isAllowed) return false
  const client = await reloadClient(presented.clientId, now)
  return (
    client !== null && client.token_endpoint_auth_method === presented.method && opens(client, presented, now)
  )
}

async function presentedCredentials(
  parts: Pick<Parts, 'config'>,
  form: FormParameters,
  authorization: string | undefined,
  now: number,
): Promise<Presented> {
  const { client_id: clientId, client_secret: secret } = form
  const ways = [authorization !== undefined, secret !== undefined, hasAssertion(form)]
  if (ways.filter(isUsed => isUsed).length > 1) {
    throw new OAuthError('invalid_request', 'more than one way of client authentication')
  }
  if (authorization !== undefined) return ofOneClient(clientId, parseBasic(authorization))
  if (hasAssertion(form)) {
    const assertion = await assertionOf(parts, form, now)
    if (assertion === null) throw invalidClient('no assertion for us')
    return ofOneClient(clientId, { method: 'private_key_jwt', clientId: assertion.clientId, assertion })
  }
  if (clientId === undefined) throw invalidClient('no client_id')
  return secret === undefined
    ? { method: 'none', clientId }
    : { method: 'client_secret_post', clientId, secret }
}

/** A `client_id` beside the credentials may say the same again. */
function ofOneClient(clientId: string | undefined, presented: Presented): Presented {
  if (clientId === undefined || clientId === presented.clientId) return presented
  throw new OAuthError('invalid_request', 'two different clients')
}

/** Form-decoded, as RFC 6749 §2.3.1 has it. Throws `invalid_client` for anything that is not Basic. */
function parseBasic(authorization: string): PresentedSecret {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1]
  try {
    const text = parseUtf8(parseBase64(encoded ?? '!')) ?? ''
    const colon = text.indexOf(':')
    if (colon > 0) {
      const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '))
      return {
        method: 'client_secret_basic',
        clientId: decode(text.slice(0, colon)),
        secret: decode(text.slice(colon + 1)),
      }
    }
  } catch {
    // Falls through: whatever is malformed is refused alike.
  }
  throw invalidClient('malformed Basic credentials')
}

/**
 * All failures look alike outside; the reason goes to the log.
 * @param guessedClientId the client whose secret was not the one that was shown
 */
const invalidClient = (detail: string, guessedClientId: string | null = null): OAuthError =>
  new OAuthError('invalid_client', 'client authentication failed', { detail, guessedClientId })
