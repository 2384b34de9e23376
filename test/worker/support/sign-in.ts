// Signing in as an app does: PKCE, the mail, the token endpoint.
import { MAGIC_LINK_GRANT } from '../../../src/domain/client.ts'
import { toBase64url } from '../../../src/domain/encoding.ts'
import { pkceChallenge } from '../../../src/tokens/digest.ts'
import { admin, form, freshIp, json, type Service } from './service.ts'

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token?: string
  readonly expires_in: number
  readonly scope: string
  readonly client_id: string
  readonly user_id: string
}

export const verifier = (): string => toBase64url(crypto.getRandomValues(new Uint8Array(32)))

/** Registers a first-party public client unless the registration says otherwise. */
export async function createClient(
  service: Service,
  registration: Readonly<Record<string, unknown>> = {},
): Promise<{ client_id: string; client_secret?: string }> {
  const body = {
    name: 'Test app',
    kind: 'first_party',
    type: 'public',
    scopes: ['sessions', 'openid', 'read'],
  }
  const response = await service.request(
    '/admin/v1/clients',
    admin(service, json({ ...body, ...registration })),
  )
  if (response.status !== 201) throw new Error(`client not created: ${await response.text()}`)
  return response.json()
}

export interface Attempt {
  readonly signInId: string
  readonly codeVerifier: string
  readonly clientId: string
  /** Of the newest mail to this address. */
  readonly code: string
  readonly token: string
}

export async function requestLink(
  service: Service,
  clientId: string,
  email: string,
  more: Readonly<Record<string, unknown>> & { ip?: string } = {},
): Promise<Attempt> {
  const { ip = freshIp(), ...fields } = more
  const codeVerifier = verifier()
  const init = json({
    client_id: clientId,
    email,
    code_challenge: await pkceChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...fields,
  })
  const headers = new Headers(init.headers)
  headers.set('CF-Connecting-IP', ip)
  const response = await service.request('/v1/sign-ins', { ...init, headers })
  if (response.status !== 202) throw new Error(`no link: ${response.status} ${await response.text()}`)
  const { sign_in_id } = (await response.json()) as { sign_in_id: string }
  return { signInId: sign_in_id, codeVerifier, clientId, ...contentsOf(service.newestMail(email).text) }
}

export function contentsOf(text: string): { code: string; token: string } {
  const code = /^([A-Z0-9]{4}-[A-Z0-9]{4})$/m.exec(text)?.[1]
  const token = /[?&]token=([A-Za-z0-9._-]+)/.exec(text)?.[1]
  if (code === undefined || token === undefined) throw new Error('a mail without code or link')
  return { code, token }
}

export const redeem = (
  service: Service,
  attempt: Attempt,
  by: 'link' | 'code' = 'link',
  more: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  service.request(
    '/oauth2/token',
    form({
      grant_type: MAGIC_LINK_GRANT,
      client_id: attempt.clientId,
      code_verifier: attempt.codeVerifier,
      ...(by === 'link' ? { token: attempt.token } : { sign_in_id: attempt.signInId, code: attempt.code }),
      ...more,
    }),
  )

export async function signIn(
  service: Service,
  clientId: string,
  email: string,
  more: Readonly<Record<string, unknown>> & { by?: 'link' | 'code' } = {},
): Promise<Tokens> {
  const { by = 'link', ...fields } = more
  const response = await redeem(service, await requestLink(service, clientId, email, fields), by)
  if (response.status !== 200) throw new Error(`not signed in: ${response.status} ${await response.text()}`)
  return response.json()
}

export const refresh = (
  service: Service,
  tokens: Pick<Tokens, 'refresh_token' | 'client_id'>,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  service.request(
    '/oauth2/token',
    form({
      grant_type: 'refresh_token',
      client_id: tokens.client_id,
      refresh_token: tokens.refresh_token,
      ...more,
    }),
  )
