// The queue's consumer: each message on its own, so that a receiver that fails or hangs holds up nobody else's. Tries are
// bounded; what is given up raises an alarm.
import type { EventMessage } from '../domain/event-message.ts'
import {
  DELIVERY_BACKOFF_SECONDS,
  DELIVERY_SLOW_MS,
  DELIVERY_SLOW_RETRY_SECONDS,
  QUEUE_TRIES,
  WEBHOOK_BACKOFF_SECONDS,
  WEBHOOK_JITTER,
} from '../domain/limits.ts'
import { createSchedule, type RetrySchedule, type Step, stepOf } from '../domain/retry-schedule.ts'
import { errorName } from '../log.ts'
import { createCombined } from '../store/combined.ts'
import { randomShare } from '../tokens/random.ts'
import { type LogoutParts, noteLateLogout, sendLogoutToken } from './back-channel-logout.ts'
import { type Delivery, failed } from './delivery.ts'
import { type ReportParts, reportDelivery } from './report-delivery.ts'
import { sendWebhook, tellWebhooks, type WebhookParts } from './send-webhook.ts'

type DeliveryParts = LogoutParts & WebhookParts & ReportParts

/** What is the deployment's; the rest is made for each batch. */
type Deployment<Parts> = Omit<Parts, 'ask'>

const SOON = createSchedule(DELIVERY_BACKOFF_SECONDS)
const SCHEDULES: Readonly<Record<EventMessage['type'], RetrySchedule>> = {
  'session.ended': SOON,
  happened: SOON,
  webhook: createSchedule(WEBHOOK_BACKOFF_SECONDS, WEBHOOK_JITTER),
}

/** Never throws. @param now seconds */
export async function deliverEvents(
  deployment: Deployment<DeliveryParts>,
  messages: readonly Message<EventMessage>[],
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<void> {
  const parts = { ...deployment, ask: createCombined(deployment.shards.global) }
  const ends = await Promise.all(messages.map(message => attempt(parts, message, now, waitUntil)))
  // At once, so that what has become of all of them is written down in one call.
  await Promise.all(ends.map(end => end()))
}

/** Dead letters: whatever was tried, nobody lived to say how it ended. Never throws. @param now seconds */
export async function giveUpEvents(
  deployment: Deployment<ReportParts>,
  messages: readonly Message<EventMessage>[],
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<void> {
  const parts = { ...deployment, ask: createCombined(deployment.shards.global) }
  const outcome = {
    delivery: failed('not answered for'),
    tries: QUEUE_TRIES,
    isTriedAgain: false,
    retryAt: 0,
  }
  await Promise.all(
    messages.map(async message => {
      await reportDelivery(parts, message.body, outcome, now, waitUntil)
      message.ack()
    }),
  )
}

/** Tells whoever is to be told, but for those that take long. @returns what is left to do with the message */
async function attempt(
  parts: DeliveryParts,
  message: Message<EventMessage>,
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<() => Promise<void> | void> {
  const { body, attempts } = message
  const step = stepOf(SCHEDULES[body.type], attempts, randomShare())
  if (!step.isTry) return () => settle(message, step.nextInSeconds)
  const { promise: long, resolve: onLong } = Promise.withResolvers<true>()
  const trying = tryOnce(parts, body, now, () => onLong(true))
  const report = (delivery: Delivery, nextInSeconds: number | null, retryAt = 0) => {
    const outcome = { delivery, tries: step.tries, isTriedAgain: nextInSeconds !== null, retryAt }
    return reportDelivery(parts, body, outcome, now, waitUntil)
  }
  if (body.type !== 'happened' && (await isSlow(trying, long))) {
    // The try goes on beside the batch. Should it come to an end, the next one finds that written down, and is none.
    const next = nextTry(step, DELIVERY_SLOW_RETRY_SECONDS)
    waitUntil(
      trying.then(async delivery => {
        const isOver = delivery.tag !== 'failed'
        // Reckoned from the latest that it can have ended: what waits in the queue may come sooner, and finds it.
        const retryAt = isOver ? null : now + DELIVERY_SLOW_RETRY_SECONDS + delivery.retryAfterSeconds
        const isToBeKnown = isOver || delivery.retryAfterSeconds > 0
        if (body.type === 'session.ended' && isToBeKnown) await noteLateLogout(parts, body, retryAt, now)
        await report(delivery, isOver ? null : next, retryAt ?? 0)
      }),
    )
    return () => settle(message, next)
  }
  const delivery = await trying
  const next = delivery.tag === 'failed' ? nextTry(step, delivery.retryAfterSeconds) : null
  return async () => {
    await report(delivery, next)
    settle(message, next)
  }
}

function settle(message: Message<EventMessage>, delaySeconds: number | null): void {
  if (delaySeconds === null) message.ack()
  else message.retry({ delaySeconds })
}

/** By waiting, unless it is known. */
async function isSlow(trying: Promise<unknown>, known: Promise<true>): Promise<boolean> {
  const { promise: passed, resolve } = Promise.withResolvers<true>()
  const timer = setTimeout(() => resolve(true), DELIVERY_SLOW_MS)
  const slow = await Promise.race([trying.then(() => false), passed, known])
  clearTimeout(timer)
  return slow
}

async function tryOnce(
  parts: DeliveryParts,
  body: EventMessage,
  now: number,
  onLong: () => void,
): Promise<Delivery> {
  try {
    switch (body.type) {
      case 'session.ended':
        return await sendLogoutToken(parts, body, now)
      case 'happened':
        return await tellWebhooks(parts, body.event, now)
      case 'webhook':
        return await sendWebhook(parts, body, now, onLong)
    }
  } catch (error) {
    // Our own storage: its texts can hold what was stored.
    return failed(errorName(error))
  }
}

/** Seconds until the next try, or null when there is none. @param least what it must wait for */
const nextTry = ({ nextInSeconds }: Step, least: number): number | null =>
  nextInSeconds === null ? null : Math.max(nextInSeconds, least)
