// Handing messages to the queue, as many at once as it takes.
import type { EventMessage } from '../domain/event-message.ts'
import { QUEUE_BATCH_MAX } from '../domain/limits.ts'

/** Throws what the queue throws; what was handed over before stays. */
export async function enqueue(queue: Queue<EventMessage>, messages: readonly EventMessage[]): Promise<void> {
  for (let from = 0; from < messages.length; from += QUEUE_BATCH_MAX) {
    await queue.sendBatch(messages.slice(from, from + QUEUE_BATCH_MAX).map(body => ({ body })))
  }
}
