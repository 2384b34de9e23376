// What every way out for a mail can do.
import type { MailMessage } from './message.ts'

/** One attempt at one mail. */
export interface Attempt {
  /** The same for every attempt at a mail, so that a provider can tell a repetition. */
  readonly id: string
  /** Aborts when the time for this attempt is over. */
  readonly signal: AbortSignal
}

export interface MailTransport {
  /** Throws when the mail was not accepted: MailNotAccepted where the reason may be logged. */
  send(message: MailMessage, attempt: Attempt): Promise<void>
}
