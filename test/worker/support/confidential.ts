// A confidential client, which shows its secret in the form of every request.
import { form, type Service } from './service.ts'
import { createClient } from './sign-in.ts'

type Fields = Readonly<Record<string, string>>

export interface Confidential {
  readonly client_id: string
  readonly client_secret: string
  readonly post: (path: string, fields: Fields, headers?: Fields) => Promise<Response>
}

export async function confidentialClient(
  service: Service,
  registration: Readonly<Record<string, unknown>> = {},
): Promise<Confidential> {
  const { client_id, client_secret = '' } = await createClient(service, {
    type: 'confidential',
    token_endpoint_auth_method: 'client_secret_post',
    ...registration,
  })
  return {
    client_id,
    client_secret,
    post(path, fields, headers = {}) {
      const init = form({ client_id, client_secret, ...fields })
      return service.request(path, { ...init, headers: { ...(init.headers as object), ...headers } })
    },
  }
}
