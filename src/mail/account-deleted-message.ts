// The last mail to an address: its account was deleted. Nothing in it does anything. Pure.
import { html } from 'hono/html'
import { frame, labelled, paragraphs } from './frame.ts'
import { inUtc } from './in-utc.ts'
import type { MailMessage } from './message.ts'

export interface AccountDeletedNotice {
  readonly to: string
  /** Seconds since the epoch. */
  readonly at: number
  readonly device: string | null
  readonly place: string | null
  readonly issuer: string
}

export function accountDeletedMessage(about: AccountDeletedNotice): MailMessage {
  const subject = 'Your account was deleted'
  const what = `The account with this email address at ${about.issuer} was deleted by someone who was signed in to it.`
  const facts = [
    `Time: ${inUtc(about.at)}`,
    ...labelled('Device', about.device),
    ...labelled('Place', about.place),
  ]
  const effect =
    'All its sessions have ended, in apps too. The address is removed, and every device and place from the log. This cannot be undone.'
  const you = 'Was this you? Then there is nothing to do.'
  const notYou =
    "If this wasn't you: whoever did it could sign in as you, so make your mailbox safe first and change its password. Then tell those who run this service at once."
  return {
    to: about.to,
    subject,
    text: `${[[what, ...facts].join('\n'), effect, you, notYou].join('\n\n')}\n`,
    html: frame(
      subject,
      html`<p>${what}</p>
${paragraphs([...facts, effect, you, notYou])}`,
    ),
  }
}
