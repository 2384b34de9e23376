// Client authentication at the token and revocation endpoints (RFC 6749 §2.3): exactly the registered method.
import { ACCOUNT_CLIENT, type Client, type ClientAuthMethod } from '../domain/client.ts'
import { parseUtf8 } from '../domain/encoding.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { digest, digestsEqual } from '../tokens/digest.ts'
import { OAuthError } from './errors.ts'
import type { FormParameters } from './parameters.ts'

/** A client registers one of these and uses no other. */
export const SERVED_AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post'] as const

interface Presented {
  readonly method: ClientAuthMethod
  readonly clientId: string
  readonly secret: string | null
}

const INVALID_CLIENT = 'client authentication failed'

/** Throws `invalid_client`, or `invalid_request` when more than one method is used. */
export async function authenticateClient(
  parts: Pick<Parts, 'resolveClient'>,
  form: FormParameters,
  authorization: string | undefined,
  facts: Pick<RequestFacts, 'now' | 'clientIp'>,
): Promise<Client> {
  const presented = presentedCredentials(form, authorization)
  const client = await parts.resolveClient(presented.clientId, facts)
  // The built-in client has browser sessions only: it is no OAuth client.
  if (client === null || client.id === ACCOUNT_CLIENT.id) {
    throw new OAuthError('invalid_client', INVALID_CLIENT, { detail: 'unknown client' })
  }
  if (client.token_endpoint_auth_method !== presented.method) {
    throw new OAuthError('invalid_client', INVALID_CLIENT, { detail: 'not the registered method' })
  }
  if (presented.method === 'none') return client
  const expected = client.secretDigest ?? ''
  if (!digestsEqual(expected, await digest('client-secret', presented.secret ?? ''))) {
    throw new OAuthError('invalid_client', INVALID_CLIENT, { detail: 'wrong secret' })
  }
  return client
}

function presentedCredentials(form: FormParameters, authorization: string | undefined): Presented {
  const basic = authorization === undefined ? null : parseBasic(authorization)
  const { client_id: clientId, client_secret: secret } = form
  if (basic !== null && secret !== undefined) {
    throw new OAuthError('invalid_request', 'more than one way of client authentication')
  }
  if (basic !== null) {
    if (clientId !== undefined && clientId !== basic.clientId) {
      throw new OAuthError('invalid_request', 'two different clients')
    }
    return basic
  }
  if (clientId === undefined)
    throw new OAuthError('invalid_client', INVALID_CLIENT, { detail: 'no client_id' })
  return { method: secret === undefined ? 'none' : 'client_secret_post', clientId, secret: secret ?? null }
}

/** Form-decoded, as RFC 6749 §2.3.1 has it. Throws `invalid_client` for anything that is not Basic. */
function parseBasic(authorization: string): Presented {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1]
  try {
    const bytes = Uint8Array.from(atob(encoded ?? '!'), character => character.charCodeAt(0))
    const text = parseUtf8(bytes) ?? ''
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
  throw new OAuthError('invalid_client', INVALID_CLIENT, { detail: 'malformed Basic credentials' })
}
