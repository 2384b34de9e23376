// Back-channel logout (OpenID Connect Back-Channel Logout 1.0 §2.5): a client is told, at the place it registered, that a
// session of its own has ended.
import type { Client } from '../domain/client.ts'
import type { SessionEndedMessage } from '../domain/event-message.ts'
import { DELIVERY_TIMEOUT_MS } from '../domain/limits.ts'
import type { FetchTarget } from '../outbound/fetch-target.ts'
import type { KeyRing } from '../tokens/key-ring.ts'
import { mintLogoutToken } from '../tokens/logout-token.ts'
import { type Delivery, judgeAnswer, refused } from './delivery.ts'

export interface LogoutParts {
  readonly config: { readonly issuer: string }
  readonly keys: KeyRing
  readonly findClient: (id: string, now: number) => Promise<Client | null>
  readonly fetchTarget: FetchTarget
}

/** Signed anew for every try: a logout token lives shorter than the wait between two. Throws StorageUnavailable. */
export async function sendLogoutToken(
  parts: LogoutParts,
  { user_id: userId, session_id: sessionId, client_id: clientId }: SessionEndedMessage,
  now: number,
): Promise<Delivery> {
  const client = await parts.findClient(clientId, now)
  if (!client?.backchannel_logout_uri) return { tag: 'settled' }
  const token = await mintLogoutToken(parts.keys, parts.config.issuer, { userId, sessionId, clientId }, now)
  const answer = await parts.fetchTarget(client.backchannel_logout_uri, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
    timeoutMs: DELIVERY_TIMEOUT_MS,
  })
  const delivery = judgeAnswer(answer, now)
  if (delivery.tag === 'delivered') return delivery
  return isWorthAnotherTry(delivery) ? delivery : refused(delivery)
}

const NO_ANSWER = ['no_answer', 'timed_out']
/** Client errors that say "later" (RFC 9110 §15.5.9, RFC 6585 §4). */
const LATER = [408, 429]

const isWorthAnotherTry = ({ why, status }: { readonly why: string; readonly status: number | null }) =>
  status === null ? NO_ANSWER.includes(why) : status >= 500 || LATER.includes(status)
