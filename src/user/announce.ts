// After a change: what is to be told outside goes to the queue, small messages for a client whose session has ended, and for
// webhooks. Beside the answer, so that nobody outside delays a change or fails it.
import type { Client } from '../domain/client.ts'
import type { EventMessage } from '../domain/event-message.ts'
import { ANNOUNCE_DEADLINE_MS, REPEAT_SECONDS } from '../domain/limits.ts'
import { type Webhook, wants } from '../domain/webhook.ts'
import { errorName, log } from '../log.ts'
import { enqueue } from '../outbound/enqueue.ts'
import type { LoggedEvent } from '../store/events.ts'

interface AnnounceParts {
  readonly queue: Queue<EventMessage>
  readonly findClient: (id: string, now: number) => Promise<Client | null>
  readonly listWebhooks: (now: number) => Promise<readonly Webhook[]>
}

/** Never throws: what cannot be queued is logged, and lost. */
export async function announce(
  parts: AnnounceParts,
  userId: string,
  entries: readonly LoggedEvent[],
  now: number,
): Promise<void> {
  try {
    const fresh = entries.filter(({ at }) => now - at <= REPEAT_SECONDS)
    const messages: MessageSendRequest<EventMessage>[] = []
    for (const each of fresh) {
      for (const body of await messagesOf(parts, userId, each, now)) messages.push({ body })
    }
    await enqueue(parts.queue, messages, ANNOUNCE_DEADLINE_MS)
  } catch (error) {
    const name = errorName(error)
    log('error', { event: 'events.not_queued', user_id: userId, seq: entries.at(-1)?.seq, error: name })
  }
}

async function messagesOf(
  { findClient, listWebhooks }: AnnounceParts,
  user_id: string,
  { type, seq, at, sessionId: session_id, clientId: client_id, reason }: LoggedEvent,
  now: number,
): Promise<EventMessage[]> {
  const messages: EventMessage[] = []
  if (type === 'session.ended' && session_id !== null && client_id !== null) {
    const client = await findClient(client_id, now)
    if (client?.backchannel_logout_uri) messages.push({ type, user_id, session_id, client_id, at, seq })
  }
  const webhooks = await listWebhooks(now)
  if (webhooks.some(webhook => wants(webhook, type))) {
    messages.push({ type: 'happened', event: { type, at, user_id, session_id, client_id, reason, seq } })
  }
  return messages
}
