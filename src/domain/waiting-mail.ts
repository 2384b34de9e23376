/** A sealed mail as it waits in the outbox: plain data, so that it can go through the user's object. */
export interface WaitingMail {
  readonly id: string
  readonly sealed: string
  readonly expiresAt: number
  /** Until then it belongs to the request that wrote it. */
  readonly leasedUntil: number
}
