// What users' objects have queued, and what becomes of it when the Worker takes it from the queue.
import type { EventMessage } from '../../../src/domain/event-message.ts'
import { deliverEvents, type giveUpEvents } from '../../../src/notify/deliver-events.ts'
import { changeEnv, namespaceOf } from './intercept.ts'
import type { Service } from './service.ts'

type QueueName = 'EVENTS' | 'ALARMS'

export interface Queued {
  readonly messages: EventMessage[]
  /** Of the queue for alarms. */
  readonly alarms: EventMessage[]
  /** Seconds, of each message. */
  readonly delays: WeakMap<EventMessage, number>
  /** What a queue does with a batch; it takes it unless a test says otherwise. */
  send: (take: () => void, queue: QueueName) => Promise<void>
  /** For createService. */
  readonly bindings: Pick<Env, QueueName | 'USER_SESSIONS'>
}

/** Queues, one of them in the objects' hands, that keep what they are given. */
export function recordQueue(): Queued {
  const queueOf = (name: QueueName, kept: EventMessage[]) => ({
    sendBatch: (batch: readonly { body: EventMessage; delaySeconds?: number }[]) =>
      queued.send(() => {
        for (const { body, delaySeconds = 0 } of batch) {
          kept.push(body)
          queued.delays.set(body, delaySeconds)
        }
      }, name),
  })
  const messages: EventMessage[] = []
  const alarms: EventMessage[] = []
  const EVENTS = queueOf('EVENTS', messages) as unknown as Env['EVENTS']
  const queued: Queued = {
    messages,
    alarms,
    delays: new WeakMap(),
    send: async take => take(),
    bindings: {
      EVENTS,
      ALARMS: queueOf('ALARMS', alarms) as unknown as Env['ALARMS'],
      USER_SESSIONS: namespaceOf(async (user, verb, args) => {
        await changeEnv(user, () => ({ EVENTS }))
        return verb(...args)
      }),
    },
  }
  return queued
}

/** What has become of each message: seconds until it is tried again, or null when it is done with. */
export async function deliver(
  service: Service,
  bodies: readonly EventMessage[],
  attempts = 1,
  onFate: (body: EventMessage, fate: number | null) => void = () => undefined,
  settle: typeof deliverEvents | typeof giveUpEvents = deliverEvents,
): Promise<(number | null)[]> {
  const fates = new Map<EventMessage, number | null>()
  const messages = bodies.map((body, at) => {
    const fated = (fate: number | null) => {
      if (fates.has(body)) throw new Error('a message with two fates')
      fates.set(body, fate)
      onFate(body, fate)
    }
    return {
      id: `${at}`,
      timestamp: new Date(),
      attempts,
      body,
      ack: () => fated(null),
      retry: ({ delaySeconds = 0 }: QueueRetryOptions = {}) => fated(delaySeconds),
    }
  })
  const later: Promise<unknown>[] = []
  await settle(service.parts, messages, service.now, work => later.push(work))
  // What is done beside an answer may leave more to be done.
  for (const work of later) await work
  return bodies.map(body => {
    const fate = fates.get(body)
    if (fate === undefined) throw new Error('a message without a fate')
    return fate
  })
}
