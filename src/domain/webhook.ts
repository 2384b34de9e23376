// A place of an operator's that is told what happens to users, and what it is told: ids, times and reasons, nothing that
// names a person and no credential (Standard Webhooks, "thin" payloads).
import { SECURITY_EVENTS, type WebhookEventType } from './security-events.ts'
import { rfc3339 } from './time.ts'

export interface Webhook {
  readonly id: string
  readonly url: string
  /** Types, or `*` for all of them. */
  readonly events: readonly (WebhookEventType | '*')[]
  readonly description: string | null
  /** Seconds, as `disabledAt`. */
  readonly createdAt: number
  readonly disabledAt: number | null
}

export interface WebhookEvent {
  readonly type: WebhookEventType
  /** Seconds. */
  readonly at: number
  /** null, as is all that follows, for what is about no user. */
  readonly user_id: string | null
  readonly session_id: string | null
  readonly client_id: string | null
  readonly reason: string | null
  /** Of the entry in the user's log. */
  readonly seq: number | null
}

export const wants = ({ events, disabledAt }: Webhook, type: WebhookEventType): boolean =>
  disabledAt === null && events.some(each => each === '*' || each === type)

/** The same for every try and every repetition of an event; without a full stop, which would end it in what is signed. */
export const webhookMessageId = (webhookId: string, { user_id, seq }: WebhookEvent): string =>
  `${webhookId}-${user_id}-${seq}`

/** The body, alike for every try. */
export function webhookBody({ type, at, user_id, session_id, client_id, reason, seq }: WebhookEvent): string {
  const facts = { user_id, session_id, client_id, reason, seq, event: SECURITY_EVENTS[type] }
  const data = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null))
  return JSON.stringify({ type, timestamp: rfc3339(at), data })
}
