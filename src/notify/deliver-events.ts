// The queue's consumer: each message on its own, so that a receiver that fails or hangs holds up nobody else's. Tries are
// bounded; what is given up raises an alarm.
import type { EventMessage } from '../domain/event-message.ts'
import { DELIVERY_BACKOFF_SECONDS, DELIVERY_RETRY_AFTER_MAX_SECONDS } from '../domain/limits.ts'
import { log } from '../log.ts'
import type { Alarms } from './alarms.ts'
import { type Delivery, type LogoutParts, sendLogoutToken } from './back-channel-logout.ts'

interface DeliveryParts extends LogoutParts {
  readonly alarms: Alarms
}

/** Never throws. @param now seconds */
export async function deliverEvents(
  parts: DeliveryParts,
  messages: readonly Message<EventMessage>[],
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<void> {
  await Promise.all(
    messages.map(async message => {
      const delivery = await tryOnce(parts, message.body, now)
      if (delivery.tag === 'delivered') return message.ack()
      const delaySeconds = nextTry(delivery, message.attempts)
      record(message, delivery.why)
      if (delaySeconds !== null) return message.retry({ delaySeconds })
      message.ack()
      raiseAlarm(parts.alarms, message, delivery.why, now, waitUntil)
    }),
  )
}

async function tryOnce(parts: LogoutParts, body: EventMessage, now: number): Promise<Delivery> {
  try {
    return await sendLogoutToken(parts, body, now)
  } catch (error) {
    // Our own storage: its texts can hold what was stored.
    const why = error instanceof Error ? error.name : 'unknown'
    return { tag: 'failed', why, retryAfterSeconds: null }
  }
}

/** Seconds until the next try, or null when there is none. */
function nextTry(delivery: Exclude<Delivery, { tag: 'delivered' }>, attempts: number): number | null {
  const backoff = DELIVERY_BACKOFF_SECONDS[attempts - 1]
  if (delivery.tag === 'refused' || backoff === undefined) return null
  return Math.max(backoff, Math.min(delivery.retryAfterSeconds ?? 0, DELIVERY_RETRY_AFTER_MAX_SECONDS))
}

function record({ attempts, body }: Message<EventMessage>, why: string): void {
  log('warn', { event: 'logout.not_delivered', client_id: body.client_id, seq: body.seq, attempts, why })
}

function raiseAlarm(
  alarms: Alarms,
  { attempts, body }: Message<EventMessage>,
  why: string,
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): void {
  const detail = `a client was not told of the end of its session: ${why} (attempt ${attempts})`
  const suspects = { kid: null, clientId: body.client_id, userId: body.user_id }
  alarms.raise({ kind: 'logout.failing', ...suspects, detail }, now, waitUntil)
}
