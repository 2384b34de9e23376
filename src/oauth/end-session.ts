// RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): which client asks, whom it means, and where the browser
// goes on to. Nothing here is a credential: what ends is for the browser's own session to say.
import { ACCOUNT_CLIENT, type Client } from '../domain/client.ts'
import { matchesRedirectUri } from '../domain/redirect-uri.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { type IdTokenHint, readIdTokenHint } from '../tokens/id-token.ts'
import { answerLocation } from './authorize/answer.ts'
import type { Sent } from './authorize/sent.ts'

export interface LogoutRequest {
  readonly client: Client | null
  readonly hint: IdTokenHint | null
  /** null where the browser has nowhere to go on to. */
  readonly goOnTo: GoOnTo | null
}

export interface GoOnTo {
  /** As it was presented: a registered one of the client's. */
  readonly redirectUri: string
  readonly state: string | null
}

export const locationOf = ({ redirectUri, state }: GoOnTo): string =>
  state === null ? redirectUri : answerLocation({ redirectUri, responseMode: 'query', state }, { state })

/** Whoever says something untrue has said nothing: the user is asked, and sent nowhere (§4). */
const FROM_NOBODY: LogoutRequest = { client: null, hint: null, goOnTo: null }

/** Throws `invalid_request` for a repeated parameter. `logout_hint` and `ui_locales` have no effect. */
export async function readLogoutRequest(
  parts: Pick<Parts, 'config' | 'resolveClient' | 'keys'>,
  sent: Sent,
  facts: Pick<RequestFacts, 'now' | 'clientIp'>,
): Promise<LogoutRequest> {
  const [token, named] = [sent.one('id_token_hint'), sent.one('client_id')]
  const hint =
    token === null ? null : await readIdTokenHint(parts.keys, parts.config.issuer, token, facts.now)
  if (token !== null && hint === null) return FROM_NOBODY
  if (hint !== null && named !== null && named !== hint.clientId) return FROM_NOBODY
  const clientId = hint?.clientId ?? named
  const client = clientId === null ? null : await parts.resolveClient(clientId, facts)
  if (client === null || client.id === ACCOUNT_CLIENT.id) return FROM_NOBODY
  return { client, hint, goOnTo: goOnToOf(client, sent) }
}

/** Byte for byte, as at the authorization endpoint. */
function goOnToOf(client: Client, sent: Sent): GoOnTo | null {
  const redirectUri = sent.one('post_logout_redirect_uri')
  if (redirectUri === null) return null
  const isRegistered = client.post_logout_redirect_uris.some(uri => matchesRedirectUri(redirectUri, uri))
  return isRegistered ? { redirectUri, state: sent.one('state') } : null
}
