// What all mails look like. They load nothing: no picture, no font, no style sheet.
import { html } from 'hono/html'
import { plainWithoutLinks } from './plain.ts'

type Html = ReturnType<typeof html>

/** The HTML part, with the subject as its heading. */
export const frame = (subject: string, body: Html): string =>
  String(html`<!doctype html>
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
${body}
</body>
</html>
`)

export const paragraphs = (lines: readonly string[]): readonly Html[] =>
  lines.map(line => html`<p>${line}</p>\n`)

export const button = (href: string, label: string): Html =>
  html`<p><a class="button" href="${href}" style="color: #fff">${label}</a></p>`

/** `Device: …`, or nothing if there is nothing to say. */
export function labelled(label: string, value: string | null): readonly string[] {
  const name = plainWithoutLinks(value ?? '')
  return name === '' ? [] : [`${label}: ${name}`]
}
