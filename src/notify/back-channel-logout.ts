// Back-channel logout (OpenID Connect Back-Channel Logout 1.0 §2.5): a client is told, at the place it registered, that a
// session of its own has ended.
import type { Client } from '../domain/client.ts'
import type { SessionEndedMessage } from '../domain/event-message.ts'
import { DELIVERY_TIMEOUT_MS } from '../domain/limits.ts'
import { parseRetryAfter } from '../domain/retry-after.ts'
import type { FetchTarget, TargetAnswer } from '../outbound/fetch-target.ts'
import type { KeyRing } from '../tokens/key-ring.ts'
import { mintLogoutToken } from '../tokens/logout-token.ts'

export interface LogoutParts {
  readonly config: { readonly issuer: string }
  readonly keys: KeyRing
  readonly findClient: (id: string, now: number) => Promise<Client | null>
  readonly fetchTarget: FetchTarget
}

export type Delivery =
  | { readonly tag: 'delivered' }
  /** Another try would be answered alike. */
  | { readonly tag: 'refused'; readonly why: string }
  | { readonly tag: 'failed'; readonly why: string; readonly retryAfterSeconds: number | null }

/** Signed anew for every try: a logout token lives shorter than the wait between two. Throws StorageUnavailable. */
export async function sendLogoutToken(
  parts: LogoutParts,
  { user_id: userId, session_id: sessionId, client_id: clientId }: SessionEndedMessage,
  now: number,
): Promise<Delivery> {
  const client = await parts.findClient(clientId, now)
  // Nobody wants to know any more.
  if (!client?.backchannel_logout_uri) return { tag: 'delivered' }
  const token = await mintLogoutToken(parts.keys, parts.config.issuer, { userId, sessionId, clientId }, now)
  const answer = await parts.fetchTarget(client.backchannel_logout_uri, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
    timeoutMs: DELIVERY_TIMEOUT_MS,
  })
  return judgeAnswer(answer, now)
}

/** Client errors that say "later" (RFC 9110 §15.5.9, RFC 6585 §4). */
const LATER = [408, 429]

function judgeAnswer(answer: TargetAnswer, now: number): Delivery {
  if (answer.tag === 'failed') {
    const { why } = answer
    return why === 'no_answer' ? { tag: 'failed', why, retryAfterSeconds: null } : { tag: 'refused', why }
  }
  const { status, headers } = answer
  if (status >= 200 && status < 300) return { tag: 'delivered' }
  const why = `status_${status}`
  if (status >= 400 && status < 500 && !LATER.includes(status)) return { tag: 'refused', why }
  return { tag: 'failed', why, retryAfterSeconds: parseRetryAfter(headers.get('Retry-After'), now) }
}
