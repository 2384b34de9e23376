// A mail as RFC 5322 text for SMTP: a text part and an HTML part. Pure. What comes out is ASCII in short lines, none
// of which begins with a dot: SMTP has nothing to stuff.
import { utf8 } from '../domain/encoding.ts'
import { domainOf, type Sender } from '../domain/sender.ts'
import type { MailMessage } from './message.ts'

const LINE_MAX_CHARS = 76
/** RFC 2047 §2 allows 76 to a line; the header's name is on the first. */
const ENCODED_WORD_MAX_CHARS = 76 - 'Subject: '.length
const PLAIN_HEADER_MAX_CHARS = 60

export function mimeMessage(sender: Sender, message: MailMessage, id: string, at: Date): string {
  // Quoted-printable never yields `=_`, so no content can contain the boundary.
  const boundary = `=_${id}`
  return [
    `From: ${mailbox(sender)}`,
    `To: ${message.to}`,
    `Subject: ${headerText(message.subject)}`,
    `Date: ${at.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@${domainOf(sender.address)}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: multipart/alternative;',
    ` boundary="${boundary}"`,
    '',
    ...part(boundary, 'text/plain', message.text),
    ...part(boundary, 'text/html', message.html),
    `--${boundary}--`,
    '',
  ].join('\r\n')
}

const part = (boundary: string, type: string, content: string): string[] => [
  `--${boundary}`,
  `Content-Type: ${type}; charset=utf-8`,
  'Content-Transfer-Encoding: quoted-printable',
  '',
  ...quotedPrintable(content),
]

function mailbox({ name, address }: Sender): string {
  if (name === null) return address
  return `${isPlainHeader(name) ? `"${name.replace(/[\\"]/g, '\\$&')}"` : encodedWords(name)} <${address}>`
}

const headerText = (text: string): string => (isPlainHeader(text) ? text : encodedWords(text))

/** Short printable ASCII that nobody could take for an encoded word. */
const isPlainHeader = (text: string): boolean =>
  text.length <= PLAIN_HEADER_MAX_CHARS && /^[ -~]*$/.test(text) && !text.includes('=?')

/** RFC 2047, `Q`, with the characters that are safe in a display name too. */
function encodedWords(text: string): string {
  const characters = [...text].map(character => {
    if (character === ' ') return '_'
    return /[A-Za-z0-9]/.test(character) ? character : hexOctets(character)
  })
  const [open, close] = ['=?utf-8?Q?', '?=']
  return packed(characters, ENCODED_WORD_MAX_CHARS - open.length - close.length)
    .map(word => `${open}${word}${close}`)
    .join('\r\n ')
}

/** RFC 2045 §6.7. */
function quotedPrintable(text: string): string[] {
  return text.split(/\r\n|\r|\n/).flatMap(line => {
    const characters = [...line].map((character, index, all) => {
      if (character === ' ') return index === all.length - 1 ? '=20' : ' '
      return /[!-<>-~]/.test(character) ? character : hexOctets(character)
    })
    const lines = packed(characters, LINE_MAX_CHARS - '=2E'.length).map(packedLine =>
      packedLine.replace(/^\./, '=2E'),
    )
    return lines.map((packedLine, index) => (index === lines.length - 1 ? packedLine : `${packedLine}=`))
  })
}

/** The pieces in order, in as few strings of at most `max` characters as they fill; no piece is cut. */
function packed(pieces: readonly string[], max: number): string[] {
  const strings = ['']
  for (const piece of pieces) {
    const last = strings.length - 1
    if (`${strings[last]}${piece}`.length > max) strings.push(piece)
    else strings[last] += piece
  }
  return strings
}

const hexOctets = (character: string): string =>
  [...utf8(character)].map(octet => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('')
