// The client of an OAuth request, authenticated.
import type { Client } from '../domain/client.ts'
import { authenticateClient } from '../oauth/client-authentication.ts'
import type { FormParameters } from '../oauth/parameters.ts'
import type { LatchkeyContext } from './context.ts'

/** Throws `invalid_client`, or `invalid_request` when more than one way of authentication is used. */
export async function requireClient(c: LatchkeyContext, form: FormParameters): Promise<Client> {
  const { parts, facts } = c.var
  const client = await authenticateClient(parts, form, c.req.header('Authorization'), facts)
  c.set('client', client)
  return client
}
