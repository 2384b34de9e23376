// A place of an operator's that is told what happens to users, and what it is told: ids, times and reasons, nothing that
// names a person and no credential (Standard Webhooks, "thin" payloads).
import type { AlarmKind, AlarmReport, Severity } from './alarm.ts'
import { WEBHOOK_HELD_SECONDS } from './limits.ts'
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
  /** It has hung: until then, in seconds, it is left alone, but for one try of whoever moves this on. */
  readonly heldUntil: number | null
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
  readonly alarm?: AlarmFacts
}

interface AlarmFacts {
  readonly id: string
  readonly kind: AlarmKind
  readonly severity: Severity
  readonly count: number
  readonly first_at: string
  readonly last_at: string
  readonly kid: string | null
}

export const alarmEvent = (alarm: AlarmReport): WebhookEvent => ({
  type: 'alarm.raised',
  at: alarm.lastAt,
  user_id: null,
  session_id: null,
  client_id: null,
  reason: null,
  seq: null,
  alarm: {
    id: alarm.id,
    kind: alarm.kind,
    severity: alarm.severity,
    count: alarm.count,
    first_at: rfc3339(alarm.firstAt),
    last_at: rfc3339(alarm.lastAt),
    kid: alarm.kid,
  },
})

export const wants = ({ events, disabledAt }: Webhook, type: WebhookEventType): boolean =>
  disabledAt === null && events.some(each => each === '*' || each === type)

/** How long a message to it waits for others to find out whether it is well: 0 s where there is nothing to find out. */
export const heldForSeconds = ({ heldUntil }: Webhook, now: number, random: number): number =>
  heldUntil === null || heldUntil <= now ? 0 : heldUntil - now + Math.round(WEBHOOK_HELD_SECONDS * random)

/** The same for every try and every repetition of an event; without a full stop, which would end it in what is signed. */
export const webhookMessageId = (webhookId: string, { user_id, seq, alarm }: WebhookEvent): string =>
  alarm === undefined ? `${webhookId}-${user_id}-${seq}` : `${webhookId}-${alarm.id}-${alarm.count}`

/** The body, alike for every try. */
export function webhookBody({ type, at, alarm, ...ids }: WebhookEvent): string {
  const { user_id, session_id, client_id, reason, seq } = ids
  const facts = { user_id, session_id, client_id, reason, seq, ...alarm, event: SECURITY_EVENTS[type] }
  const data = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null))
  return JSON.stringify({ type, timestamp: rfc3339(at), data })
}
