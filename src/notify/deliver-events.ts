// The queue's consumer: each message on its own, so that a receiver that fails or hangs holds up nobody else's. Tries are
// bounded; what is given up raises an alarm.
import type { EventMessage } from '../domain/event-message.ts'
import {
  DELIVERY_BACKOFF_SECONDS,
  DELIVERY_RETRY_AFTER_MAX_SECONDS,
  WEBHOOK_BACKOFF_SECONDS,
  WEBHOOK_JITTER,
} from '../domain/limits.ts'
import { createSchedule, type RetrySchedule, type Step, stepOf } from '../domain/retry-schedule.ts'
import { log } from '../log.ts'
import { recordDelivery } from '../store/webhook-deliveries.ts'
import { randomShare } from '../tokens/random.ts'
import type { Alarm, Alarms } from './alarms.ts'
import { type LogoutParts, sendLogoutToken } from './back-channel-logout.ts'
import { type Delivery, failed } from './delivery.ts'
import { sendWebhook, tellWebhooks, WEBHOOK_DISABLED, type WebhookParts } from './send-webhook.ts'

interface DeliveryParts extends LogoutParts, WebhookParts {
  readonly alarms: Alarms
}

type Kind = EventMessage['type']

const SOON = createSchedule(DELIVERY_BACKOFF_SECONDS)
const SCHEDULES: Readonly<Record<Kind, RetrySchedule>> = {
  'session.ended': SOON,
  happened: SOON,
  webhook: createSchedule(WEBHOOK_BACKOFF_SECONDS, WEBHOOK_JITTER),
}

/** Never throws. @param now seconds */
export async function deliverEvents(
  parts: DeliveryParts,
  messages: readonly Message<EventMessage>[],
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<void> {
  await Promise.all(messages.map(message => deliver(parts, message, now, waitUntil)))
}

async function deliver(
  parts: DeliveryParts,
  message: Message<EventMessage>,
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<void> {
  const { body, attempts } = message
  const step = stepOf(SCHEDULES[body.type], attempts, randomShare())
  if (!step.isTry) return message.retry({ delaySeconds: step.nextInSeconds ?? 0 })
  const delivery = await tryOnce(parts, body, now)
  const delaySeconds = delivery.tag === 'failed' ? nextTry(step, delivery.retryAfterSeconds) : null
  await keep(parts, body, step, delivery, delaySeconds !== null, now)
  if (delaySeconds !== null) message.retry({ delaySeconds })
  else message.ack()
  if (delivery.tag === 'delivered' || delivery.tag === 'settled') return
  const { event, ids, alarm } = failureOf(body)
  log('warn', { event, ...ids, attempts: step.tries, why: delivery.why })
  if (delaySeconds !== null || delivery.why === WEBHOOK_DISABLED) return
  const detail = `${alarm.detail}: ${delivery.why} (attempt ${step.tries})`
  parts.alarms.raise({ ...alarm, kid: null, detail }, now, waitUntil)
}

async function tryOnce(parts: DeliveryParts, body: EventMessage, now: number): Promise<Delivery> {
  try {
    switch (body.type) {
      case 'session.ended':
        return await sendLogoutToken(parts, body, now)
      case 'happened':
        return await tellWebhooks(parts, body)
      case 'webhook':
        return await sendWebhook(parts, body, now)
    }
  } catch (error) {
    // Our own storage: its texts can hold what was stored.
    return failed(error instanceof Error ? error.name : 'unknown')
  }
}

/** Seconds until the next try, or null when there is none. */
const nextTry = ({ nextInSeconds }: Step, retryAfterSeconds: number | null): number | null =>
  nextInSeconds === null
    ? null
    : Math.max(nextInSeconds, Math.min(retryAfterSeconds ?? 0, DELIVERY_RETRY_AFTER_MAX_SECONDS))

/** In the log of a webhook. What cannot be written there changes nothing for the receiver. */
async function keep(
  { shards }: DeliveryParts,
  body: EventMessage,
  { tries }: Step,
  delivery: Delivery,
  isTriedAgain: boolean,
  now: number,
): Promise<void> {
  if (body.type !== 'webhook' || delivery.tag === 'settled') return
  const { webhook_id, id, event } = body
  const { tag, status } = delivery
  try {
    await recordDelivery(shards.global, {
      webhook_id,
      at: event.at,
      message_id: id,
      type: event.type,
      state: tag === 'delivered' ? tag : isTriedAgain ? 'waiting' : 'given_up',
      attempts: tries,
      last_at: now,
      status,
      why: tag === 'delivered' ? null : delivery.why,
    })
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown'
    log('error', { event: 'webhook.not_recorded', webhook_id, message_id: id, error: name })
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
