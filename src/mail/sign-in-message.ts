// The sign-in mail. Link and typed code each stand alone on a line of the text part. Pure.
import { html } from 'hono/html'
import { showCode } from '../domain/typed-code.ts'
import { button, frame, labelled, paragraphs } from './frame.ts'
import type { MailMessage } from './message.ts'
import { plain } from './plain.ts'

export interface SignInMail {
  readonly to: string
  readonly link: string
  /** Eight characters. */
  readonly code: string
  readonly clientName: string
  readonly expiresInMinutes: number
  readonly device: string | null
  readonly place: string | null
}

export function signInMessage(about: SignInMail): MailMessage {
  const client = plain(about.clientName)
  const code = showCode(about.code)
  const subject = `Sign in to ${client}`
  const asked = `Someone asked to sign in to ${client} with this email address.`
  const from = [...labelled('Device', about.device), ...labelled('Place', about.place)]
  const validity = `You need one of the two. Both stop working after ${about.expiresInMinutes} minutes.`
  const secrecy = 'Type the code only where you started to sign in, and never give it to anyone.'
  const notYou = "If this wasn't you, ignore this email: nobody gets in without it."
  return {
    to: about.to,
    subject,
    text: [
      [asked, ...from].join('\n'),
      'Open this link in the browser or app where you started:',
      about.link,
      'Or type this code there:',
      code,
      [validity, secrecy].join('\n'),
      notYou,
    ]
      .join('\n\n')
      .concat('\n'),
    html: frame(
      subject,
      html`<p>${asked}</p>
${paragraphs(from)}<p>Open this link in the browser or app where you started:</p>
${button(about.link, 'Sign in')}
<p>Or type this code there:</p>
<p class="code">${code}</p>
<p>${validity} ${secrecy}</p>
<p>${notYou}</p>`,
    ),
  }
}
