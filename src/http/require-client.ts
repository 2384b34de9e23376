// The client of an OAuth request, authenticated; wrong secrets are counted for each client and network.
import type { Client } from '../domain/client.ts'
import { authenticateClient } from '../oauth/client-authentication.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { FormParameters } from '../oauth/parameters.ts'
import { identify } from '../records/record.ts'
import type { LatchkeyContext } from './context.ts'
import { checkSecretLimit, countWrongSecret } from './rate-limit.ts'

/** Throws `invalid_client`, `invalid_request` when more than one way of authentication is used, or 429. */
export async function requireClient(c: LatchkeyContext, form: FormParameters): Promise<Client> {
  const client = await authenticate(c, form)
  // The right secret is no way out: else a guess could be told from the flood around it.
  if (client.secretDigest !== null) checkSecretLimit(c, client.id)
  c.set('client', client)
  identify({ actor: 'client', actor_id: client.id, client_id: client.id })
  return client
}

/** One that has proved who it is: anybody could use a public client's name. Throws `invalid_client` for that. */
export async function requireConfidentialClient(c: LatchkeyContext, form: FormParameters): Promise<Client> {
  const client = await requireClient(c, form)
  if (client.type === 'public') throw new OAuthError('invalid_client', 'a confidential client is needed')
  return client
}

async function authenticate(c: LatchkeyContext, form: FormParameters): Promise<Client> {
  try {
    return await authenticateClient(c.get('parts'), form, c.req.header('Authorization'), c.get('facts'))
  } catch (error) {
    if (error instanceof OAuthError && error.guessedClientId !== null) {
      await countWrongSecret(c, error.guessedClientId)
    }
    throw error
  }
}
