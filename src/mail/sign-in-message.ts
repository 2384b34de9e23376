// The sign-in mail. Link and typed code each stand alone on a line of the text part. Pure.
import { html } from 'hono/html'
import { showCode } from '../domain/typed-code.ts'
import type { MailMessage } from './message.ts'
import { plain, plainWithoutLinks } from './plain.ts'

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
  const from = [...shown('Device', about.device), ...shown('Place', about.place)]
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
    html: String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${subject}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0 auto; padding: 24px; max-width: 34em; font: 16px/1.5 system-ui, sans-serif }
.button { display: inline-block; padding: 12px 24px; border-radius: 8px; background: #0b57d0; color: #fff;
  font-weight: 600; text-decoration: none }
.code { font: 600 28px/1.5 ui-monospace, monospace; letter-spacing: 2px }
</style>
</head>
<body>
<h1 style="font-size: 20px">${subject}</h1>
<p>${asked}</p>
${from.map(line => html`<p>${line}</p>\n`)}<p>Open this link in the browser or app where you started:</p>
<p><a class="button" href="${about.link}" style="color: #fff">Sign in</a></p>
<p>Or type this code there:</p>
<p class="code">${code}</p>
<p>${validity} ${secrecy}</p>
<p>${notYou}</p>
</body>
</html>
`),
  }
}

function shown(label: string, value: string | null): string[] {
  const name = plainWithoutLinks(value ?? '')
  return name === '' ? [] : [`${label}: ${name}`]
}
