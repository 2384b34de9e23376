// Handing messages to the queue, as many at once as it takes.
import type { EventMessage } from '../domain/event-message.ts'
import { QUEUE_BATCH_MAX, QUEUE_DEADLINE_MS } from '../domain/limits.ts'
import { inTime } from '../verifier/in-time.ts'

/** Throws what the queue throws, and when it hangs; what was handed over before stays. */
export async function enqueue(
  queue: Queue<EventMessage>,
  messages: readonly MessageSendRequest<EventMessage>[],
  deadlineMs = QUEUE_DEADLINE_MS,
): Promise<void> {
  for (let from = 0; from < messages.length; from += QUEUE_BATCH_MAX) {
    await inTime(queue.sendBatch(messages.slice(from, from + QUEUE_BATCH_MAX)), deadlineMs)
  }
}
