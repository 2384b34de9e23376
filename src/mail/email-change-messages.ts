// The three mails of a change of address: the code, the word that the address is in use, the notice to the former one.
// None of them has a link that does anything. Pure.
import { html } from 'hono/html'
import { showCode } from '../domain/typed-code.ts'
import { frame, labelled, paragraphs } from './frame.ts'
import { inUtc } from './in-utc.ts'
import type { MailMessage } from './message.ts'

interface Asked {
  readonly to: string
  readonly device: string | null
  readonly place: string | null
}

export interface EmailCodeMail extends Asked {
  /** Eight characters. */
  readonly code: string
  readonly expiresInMinutes: number
}

const from = ({ device, place }: Asked): readonly string[] => [
  ...labelled('Device', device),
  ...labelled('Place', place),
]

/** To the new address. */
export function emailCodeMessage(about: EmailCodeMail): MailMessage {
  const subject = 'Your code for a new email address'
  const code = showCode(about.code)
  const asked = 'Someone who is signed in with another address wants to use this one from now on.'
  const where = 'If that is you, type this code where you asked for it:'
  const validity = `It works for ${about.expiresInMinutes} minutes. Never give it to anyone.`
  const notYou = "If this wasn't you, ignore this email: nothing changes without the code."
  return {
    to: about.to,
    subject,
    text: textOf([[asked, ...from(about)], [where], [code], [validity], [notYou]]),
    html: frame(
      subject,
      html`<p>${asked}</p>
${paragraphs(from(about))}<p>${where}</p>
<p class="code">${code}</p>
<p>${validity}</p>
<p>${notYou}</p>`,
    ),
  }
}

/** To an address that another account has: whoever asked learns nothing, whoever has it does. */
export function addressInUseMessage(about: Asked): MailMessage {
  const subject = 'This email address has an account already'
  const asked = 'Someone who is signed in with another address wanted to use this one for that account.'
  const nothing = 'This address has an account of its own, so nothing was changed.'
  const you = 'If that was you: sign in with this address instead, or use another one.'
  const notYou = "If this wasn't you, there is nothing to do."
  return {
    to: about.to,
    subject,
    text: textOf([[asked, ...from(about)], [nothing], [you], [notYou]]),
    html: frame(
      subject,
      html`<p>${asked}</p>
${paragraphs([...from(about), nothing, you, notYou])}`,
    ),
  }
}

export interface EmailChangedNotice extends Asked {
  /** Of the new address no more than this. */
  readonly maskedAddress: string
  /** Seconds since the epoch. */
  readonly at: number
  readonly issuer: string
}

/** To the former address. */
export function emailChangedMessage(about: EmailChangedNotice): MailMessage {
  const subject = 'Your email address was changed'
  const what = 'An account that had this email address has another one now.'
  const facts = [`New address: ${about.maskedAddress}`, `Time: ${inUtc(about.at)}`, ...from(about)]
  const effect = 'From now on it is signed in to with the new address, and no longer with this one.'
  const you = 'Was this you? Then there is nothing to do.'
  const notYou = `If this wasn't you: whoever did it was signed in to your account. If you still are somewhere, go to ${about.issuer}/account, sign out everywhere, and in any case tell those who run this service at once.`
  return {
    to: about.to,
    subject,
    text: textOf([[what, ...facts], [effect], [you], [notYou]]),
    html: frame(
      subject,
      html`<p>${what}</p>
${paragraphs([...facts, effect, you, notYou])}`,
    ),
  }
}

const textOf = (parts: readonly (readonly string[])[]): string =>
  `${parts.map(lines => lines.join('\n')).join('\n\n')}\n`
