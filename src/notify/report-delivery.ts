// What is said of a try, to operators: a row in the log of a webhook, a line for one that failed, an alarm for the last.
import type { EventMessage, WebhookMessage } from '../domain/event-message.ts'
import { errorName, log } from '../log.ts'
import type { Combined } from '../store/combined.ts'
import type { Shards } from '../store/shards.ts'
import { upsertDelivery } from '../store/webhook-deliveries.ts'
import type { Alarm, Alarms } from './alarms.ts'
import type { Delivery } from './delivery.ts'
import { WEBHOOK_DISABLED } from './send-webhook.ts'

export interface ReportParts {
  readonly shards: Shards
  readonly alarms: Alarms
  readonly ask: Combined
}

export interface Outcome {
  readonly delivery: Delivery
  /** This one included. */
  readonly tries: number
  readonly isTriedAgain: boolean
  /** Not sooner, in seconds; 0 where the queue knows. */
  readonly retryAt: number
}

/** Never throws. */
export async function reportDelivery(
  { shards, alarms, ask }: ReportParts,
  body: EventMessage,
  outcome: Outcome,
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<void> {
  const { delivery, tries, isTriedAgain } = outcome
  if (delivery.tag === 'settled') return
  if (body.type === 'webhook') await record(ask, shards.global, body, delivery, outcome, now)
  if (delivery.tag === 'delivered') return
  const { event, ids, alarm } = failureOf(body)
  log('warn', { event, ...ids, attempts: tries, why: delivery.why })
  if (isTriedAgain || delivery.why === WEBHOOK_DISABLED) return
  const detail = `${alarm.detail}: ${delivery.why} (attempt ${tries})`
  alarms.raise({ ...alarm, kid: null, detail }, now, waitUntil)
}

/** What cannot be written changes nothing for the receiver. */
async function record(
  ask: Combined,
  db: D1Database,
  { webhook_id, id: message_id, event: { at, type } }: WebhookMessage,
  delivery: Exclude<Delivery, { tag: 'settled' }>,
  { tries, isTriedAgain, retryAt: retry_at }: Outcome,
  now: number,
): Promise<void> {
  const { tag, status } = delivery
  const state = tag === 'delivered' ? tag : isTriedAgain ? 'waiting' : 'given_up'
  const why = tag === 'delivered' ? null : delivery.why
  const times = { at, last_at: now, retry_at }
  const row = { webhook_id, message_id, type, state, attempts: tries, status, why, ...times } as const
  try {
    await ask(upsertDelivery(db, row))
  } catch (error) {
    const name = errorName(error)
    log('error', { event: 'webhook.not_recorded', webhook_id, message_id, error: name })
  }
}

interface Failure {
  /** Of the log's line. */
  readonly event: string
  readonly ids: Readonly<Record<string, string | number | null>>
  readonly alarm: Pick<Alarm, 'kind' | 'clientId' | 'userId' | 'detail'>
}

function failureOf(body: EventMessage): Failure {
  switch (body.type) {
    case 'session.ended': {
      const { client_id, user_id: userId, seq } = body
      const detail = 'a client was not told of the end of its session'
      const alarm = { kind: 'logout.failing', clientId: client_id, userId, detail } as const
      return { event: 'logout.not_delivered', ids: { client_id, seq }, alarm }
    }
    case 'happened': {
      const { user_id: userId, seq } = body.event
      const detail = 'an event did not reach the webhooks'
      const alarm = { kind: 'webhook.failing', clientId: null, userId, detail } as const
      return { event: 'webhook.not_queued', ids: { user_id: userId, seq }, alarm }
    }
    case 'webhook': {
      const { webhook_id, id: message_id, event } = body
      const detail = `webhook ${webhook_id} was not told`
      const alarm = { kind: 'webhook.failing', clientId: null, userId: event.user_id, detail } as const
      return { event: 'webhook.not_delivered', ids: { webhook_id, message_id }, alarm }
    }
  }
}
