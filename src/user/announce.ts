// After a change: what is to be told outside goes to the queue, one small message for each ended session of a client
// that wants to know. Beside the answer, so that nobody outside delays a change or fails it.
import type { Client } from '../domain/client.ts'
import type { EventMessage } from '../domain/event-message.ts'
import { QUEUE_BATCH_MAX, REPEAT_SECONDS } from '../domain/limits.ts'
import { log } from '../log.ts'
import type { LoggedEvent } from '../store/events.ts'

interface AnnounceParts {
  readonly queue: Queue<EventMessage>
  readonly findClient: (id: string, now: number) => Promise<Client | null>
}

/** Never throws: what cannot be queued is logged, and lost. */
export async function announce(
  { queue, findClient }: AnnounceParts,
  userId: string,
  entries: readonly LoggedEvent[],
  now: number,
): Promise<void> {
  try {
    const messages: EventMessage[] = []
    for (const { type, seq, at, sessionId, clientId } of entries) {
      if (type !== 'session.ended' || sessionId === null || clientId === null) continue
      if (now - at > REPEAT_SECONDS) continue
      const client = await findClient(clientId, now)
      if (!client?.backchannel_logout_uri) continue
      messages.push({ type, user_id: userId, session_id: sessionId, client_id: clientId, at, seq })
    }
    for (let from = 0; from < messages.length; from += QUEUE_BATCH_MAX) {
      await queue.sendBatch(messages.slice(from, from + QUEUE_BATCH_MAX).map(body => ({ body })))
    }
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown'
    log('error', { event: 'events.not_queued', user_id: userId, seq: entries.at(-1)?.seq, error: name })
  }
}
