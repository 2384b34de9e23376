// Handing messages to the queue, as many at once as it takes.
import type { EventMessage } from '../domain/event-message.ts'
import { QUEUE_BATCH_MAX, QUEUE_DEADLINE_MS } from '../domain/limits.ts'
import { inTime } from '../verifier/in-time.ts'

/** Throws what the queue throws, and when it hangs; what was handed over before stays. @param delay seconds until it is handed on */
export async function enqueue<Queued extends EventMessage>(
  queue: Queue<EventMessage>,
  messages: readonly Queued[],
  delay: (message: Queued) => number = () => 0,
  deadlineMs = QUEUE_DEADLINE_MS,
): Promise<void> {
  for (let from = 0; from < messages.length; from += QUEUE_BATCH_MAX) {
    const batch = messages.slice(from, from + QUEUE_BATCH_MAX)
    const taken = queue.sendBatch(batch.map(body => ({ body, delaySeconds: delay(body) })))
    await inTime(taken, deadlineMs)
  }
}
