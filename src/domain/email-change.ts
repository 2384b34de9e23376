// A change of a user's mail address, from the asking to the code that proves the new one. A user has one at a time.

export interface EmailChange {
  /** Also the opId of the change: its code is spent by the event that it causes, and known again by it. */
  readonly id: string
  readonly userId: string
  /** The browser session that asked; no other can type the code. */
  readonly sessionId: string
  /** Canonical, as is the new one. */
  readonly formerAddress: string
  readonly address: string
  readonly codeDigest: string
  readonly wrongCodes: number
  readonly expiresAt: number
}

/** @param codeDigest keyed: its user and session are in it too */
export const emailChangeId = (codeDigest: string): string => `email:${codeDigest}`
