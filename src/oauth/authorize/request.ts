// From parameters to a request that may go on. Until the client and its redirect URI are known to be right, nothing is
// sent anywhere: the user sees the error (OAuth 2.1 §4.1.2.1).
import { type AnswerTo, type AuthorizationRequest, RESPONSE_MODES } from '../../domain/authorization.ts'
import { ACCOUNT_CLIENT, type Client } from '../../domain/client.ts'
import { matchesRedirectUri } from '../../domain/redirect-uri.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { OAuthError } from '../errors.ts'
import { CHECKS, refuseTooLong } from './checks.ts'
import type { Sent } from './sent.ts'

/** Whom the answer goes to, or why the user has to be told instead. */
export type Addressee =
  | { readonly tag: 'found'; readonly client: Client; readonly answerTo: AnswerTo }
  | { readonly tag: 'unknown'; readonly why: 'invalid_client' | 'invalid_redirect_uri' }

export type ParsedRequest =
  | { readonly tag: 'valid'; readonly client: Client; readonly request: AuthorizationRequest }
  | { readonly tag: 'refused'; readonly answerTo: AnswerTo; readonly error: OAuthError }

export async function findAddressee(
  parts: Pick<Parts, 'resolveClient'>,
  sent: Sent,
  facts: Pick<RequestFacts, 'now' | 'clientIp'>,
): Promise<Addressee> {
  const clientId = sent.single('client_id')
  const client = clientId === null ? null : await parts.resolveClient(clientId, facts)
  if (client === null || client.id === ACCOUNT_CLIENT.id) return { tag: 'unknown', why: 'invalid_client' }
  const redirectUri = redirectUriOf(client, sent)
  if (redirectUri === null) return { tag: 'unknown', why: 'invalid_redirect_uri' }
  const mode = sent.single('response_mode') ?? 'query'
  const responseMode = RESPONSE_MODES.find(each => each === mode) ?? 'query'
  return { tag: 'found', client, answerTo: { redirectUri, responseMode, state: sent.single('state') } }
}

/** May be left out where only one is registered (OAuth 2.1 §4.1.1). */
function redirectUriOf(client: Client, sent: Sent): string | null {
  const registered = client.redirect_uris
  if (sent.isRepeated('redirect_uri')) return null
  const presented = sent.single('redirect_uri')
  if (presented === null) return registered.length === 1 ? (registered[0] ?? null) : null
  return registered.some(uri => matchesRedirectUri(presented, uri)) ? presented : null
}

/** Throws only what no client is to blame for. */
export async function parseRequest(
  parts: Parts,
  { client, answerTo }: Extract<Addressee, { tag: 'found' }>,
  sent: Sent,
  isPushed: boolean,
  now: number,
): Promise<ParsedRequest> {
  try {
    const mode = sent.one('response_mode')
    if (mode !== null && mode !== answerTo.responseMode) {
      throw new OAuthError('invalid_request', 'response_mode is not supported')
    }
    let found: Partial<AuthorizationRequest> = {}
    for (const check of CHECKS) found = { ...found, ...(await check(sent, { parts, client, isPushed, now })) }
    const request = { ...answerTo, clientId: client.id, ...found } as AuthorizationRequest
    refuseTooLong(request)
    return { tag: 'valid', client, request }
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    return { tag: 'refused', answerTo, error }
  }
}
