// Asking for a mail as an app does: one request, well formed unless told otherwise, and its answer as it came.
import { pkceChallenge } from '../../../src/tokens/digest.ts'
import { freshAddress, freshIp, json, type Service } from './service.ts'
import { verifier } from './sign-in.ts'

export interface Asking {
  readonly ip?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Of the request's target, where that is not the issuer. */
  readonly origin?: string
}

export async function askByApp(
  service: Service,
  fields: Readonly<Record<string, unknown>>,
  { ip = freshIp(), headers = {}, origin = '' }: Asking = {},
): Promise<Response> {
  const init = json({
    email: freshAddress(),
    code_challenge: await pkceChallenge(verifier()),
    code_challenge_method: 'S256',
    ...fields,
  })
  const all = { 'Content-Type': 'application/json', 'CF-Connecting-IP': ip, ...headers }
  return service.request(`${origin}/v1/sign-ins`, { ...init, headers: all })
}
