// What the queue carries from a user's object to those who tell others. Ids only: what they stand for is read, and what
// is signed or sealed is made, when it is sent.

/** A session of a client that wants to know has ended. */
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

export type EventMessage = SessionEndedMessage
