// What the queue carries to those who tell others. Ids only: what they stand for is read, and what is signed or sealed is
// made, when it is sent.
import type { WebhookEvent } from './webhook.ts'

/** For a client: a session of its own has ended. */
export interface SessionEndedMessage {
  readonly type: 'session.ended'
  readonly user_id: string
  readonly session_id: string
  readonly client_id: string
  /** Seconds. */
  readonly at: number
  /** Of the event in the user's log. */
  readonly seq: number
}

/** For every webhook that wants to know: becomes a message for each of them. */
interface HappenedMessage {
  readonly type: 'happened'
  readonly event: WebhookEvent
}

/** For one webhook. */
export interface WebhookMessage {
  readonly type: 'webhook'
  readonly webhook_id: string
  /** Names the message to its receiver, on every try. */
  readonly id: string
  readonly event: WebhookEvent
}

export type EventMessage = SessionEndedMessage | HappenedMessage | WebhookMessage
