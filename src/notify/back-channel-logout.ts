// Back-channel logout (OpenID Connect Back-Channel Logout 1.0 §2.5): a client is told, at the place it registered, that a
// session of its own has ended.
import type { Client } from '../domain/client.ts'
import type { SessionEndedMessage } from '../domain/event-message.ts'
import { DELIVERY_TIMEOUT_MS, LATE_LOGOUT_SECONDS } from '../domain/limits.ts'
import { errorName, log } from '../log.ts'
import type { FetchTarget } from '../outbound/fetch-target.ts'
import { findLateLogout, upsertLateLogout } from '../store/late-logouts.ts'
import type { Shards } from '../store/shards.ts'
import type { KeyRing } from '../tokens/key-ring.ts'
import { mintLogoutToken } from '../tokens/logout-token.ts'
import { type Delivery, heldBack, judgeAnswer, refused } from './delivery.ts'

export interface LogoutParts {
  readonly config: { readonly issuer: string }
  readonly shards: Shards
  readonly keys: KeyRing
  readonly findClient: (id: string, now: number) => Promise<Client | null>
  readonly fetchTarget: FetchTarget
}

/** Signed anew for every try: a logout token lives shorter than the wait between two. Throws StorageUnavailable. */
export async function sendLogoutToken(
  parts: LogoutParts,
  message: SessionEndedMessage,
  now: number,
): Promise<Delivery> {
  const { user_id: userId, session_id: sessionId, client_id: clientId } = message
  const client = await parts.findClient(clientId, now)
  if (!client?.backchannel_logout_uri) return { tag: 'settled' }
  const late = await findLateLogout(parts.shards.global, sessionId)
  if (late?.retry_at === null) return { tag: 'settled' }
  if (late !== null && late.retry_at > now) return heldBack(late.retry_at - now)
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

/** For the next try, which was in the queue already. Never throws. @param retryAt no sooner; null where none is needed any more */
export async function noteLateLogout(
  { shards }: Pick<LogoutParts, 'shards'>,
  { session_id, client_id, seq }: SessionEndedMessage,
  retryAt: number | null,
  now: number,
): Promise<void> {
  try {
    await upsertLateLogout(shards.global, session_id, retryAt, now + LATE_LOGOUT_SECONDS)
  } catch (error) {
    // The client is asked once more, or sooner than it wished.
    log('error', { event: 'logout.not_noted', client_id, seq, error: errorName(error) })
  }
}

const NO_ANSWER = ['no_answer', 'timed_out']
/** Client errors that say "later" (RFC 9110 §15.5.9, RFC 6585 §4). */
const LATER = [408, 429]

const isWorthAnotherTry = ({ why, status }: { readonly why: string; readonly status: number | null }) =>
  status === null ? NO_ANSWER.includes(why) : status >= 500 || LATER.includes(status)
