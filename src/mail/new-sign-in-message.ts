// The notice of a sign-in: what happened, and the way to end it. Nothing in it signs anybody in. Pure.
import { html } from 'hono/html'
import { button, frame, labelled, paragraphs } from './frame.ts'
import { inUtc } from './in-utc.ts'
import type { MailMessage } from './message.ts'
import { plainWithoutLinks } from './plain.ts'

export interface NewSignInNotice {
  readonly to: string
  /** To the page that ends the session. */
  readonly link: string
  readonly clientName: string
  /** Seconds since the epoch. */
  readonly at: number
  readonly device: string | null
  readonly place: string | null
  readonly linkDays: number
}

export function newSignInMessage(about: NewSignInNotice): MailMessage {
  const client = plainWithoutLinks(about.clientName)
  const subject = `New sign-in to ${client}`
  const what = `Someone signed in to ${client} with this email address.`
  const facts = [
    `Time: ${inUtc(about.at)}`,
    ...labelled('Device', about.device),
    ...labelled('Place', about.place),
  ]
  const you = 'Was this you? Then there is nothing to do.'
  const notYou = "If this wasn't you, end that session here:"
  const validity = `The page asks before it ends anything. The link works for ${about.linkDays} days and signs nobody in.`
  return {
    to: about.to,
    subject,
    text: [[what, ...facts].join('\n'), you, notYou, about.link, validity].join('\n\n').concat('\n'),
    html: frame(
      subject,
      html`<p>${what}</p>
${paragraphs(facts)}<p>${you}</p>
<p>${notYou}</p>
${button(about.link, 'This was not me')}
<p>${validity}</p>`,
    ),
  }
}
