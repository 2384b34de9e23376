// What a mail is, and what each must be before a transport may have it.
import { parseEmailAddress } from '../domain/email-address.ts'
import { MailNotAccepted } from './not-accepted.ts'

export interface MailMessage {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Throws MailNotAccepted unless there is exactly one recipient and a subject without control characters. */
export function checkMessage(message: MailMessage): void {
  if (parseEmailAddress(message.to)?.deliverTo !== message.to) {
    throw new MailNotAccepted('message: not exactly one recipient')
  }
  // A line break in a subject begins a header of the attacker's choice.
  if (/\p{Cc}/u.test(message.subject)) throw new MailNotAccepted('message: control characters in the subject')
}
