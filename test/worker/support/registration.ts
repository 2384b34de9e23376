// Clients that register themselves: with a token that an operator made, and with the token that they got for it.
import { admin, bearer, freshIp, json, type Service } from './service.ts'

type Fields = Readonly<Record<string, unknown>>

export interface InitialToken {
  readonly id: string
  readonly token: string
}

export async function initialToken(service: Service, fields: Fields = {}): Promise<InitialToken> {
  const response = await service.request('/admin/v1/registration-tokens', admin(service, json(fields)))
  if (response.status !== 201) throw new Error(`no token: ${await response.text()}`)
  return response.json()
}

export interface Registered extends Fields {
  readonly client_id: string
  readonly client_secret?: string
  readonly registration_access_token: string
  readonly registration_client_uri: string
}

const fromSomewhere = (init: RequestInit): RequestInit => {
  const headers = new Headers(init.headers)
  if (!headers.has('CF-Connecting-IP')) headers.set('CF-Connecting-IP', freshIp())
  return { ...init, headers }
}

export const register = (service: Service, token: string, metadata: unknown): Promise<Response> =>
  service.request('/oauth2/register', fromSomewhere(bearer(token, json(metadata))))

/** What manages a registration. */
export const manage = (
  service: Service,
  client: Pick<Registered, 'client_id' | 'registration_access_token'>,
  method: 'GET' | 'PUT' | 'DELETE',
  metadata?: unknown,
): Promise<Response> =>
  service.request(
    `/oauth2/register/${client.client_id}`,
    fromSomewhere(
      bearer(client.registration_access_token, metadata === undefined ? { method } : json(metadata, method)),
    ),
  )
