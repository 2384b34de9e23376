import fc from 'fast-check'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { parseSender } from '../../src/domain/sender.ts'
import { mimeMessage } from '../../src/mail/mime.ts'

const AT = new Date('2026-11-22T00:36:52Z')
const SENDER = { name: 'Latchkey', address: 'sign-in@auth.test' }

const mime = (about: { subject?: string; text?: string; html?: string; name?: string | null } = {}) =>
  mimeMessage(
    { ...SENDER, ...(about.name === undefined ? {} : { name: about.name }) },
    { to: 'ann@mail.test', subject: 'Sign in', text: 'text\n', html: '<p>html</p>\n', ...about },
    'm_AAAAAAAAAAAAAAAAAAAAAA',
    AT,
  )

const printable = fc
  .string({ unit: 'grapheme', maxLength: 300 })
  .map(text => text.replace(/\p{C}/gu, ''))
  .map(text => text.trim().replace(/\s+/g, ' '))

describe('a mail as text for SMTP', () => {
  test('has the headers of one automatic mail to one mailbox', async () => {
    const { headers } = await PostalMime.parse(mime())
    expect(Object.fromEntries(headers.map(({ key, value }) => [key, value]))).toMatchObject({
      from: '"Latchkey" <sign-in@auth.test>',
      to: 'ann@mail.test',
      subject: 'Sign in',
      date: 'Sun, 22 Nov 2026 00:36:52 +0000',
      'message-id': '<m_AAAAAAAAAAAAAAAAAAAAAA@auth.test>',
      'auto-submitted': 'auto-generated',
    })
    expect(headers).toHaveLength(8)
  })

  test('comes back as it went in, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(printable, printable, fc.array(printable), async (subject, name, lines) => {
        const text = ['.', '..x', '=3D trailing ', ...lines, ''].join('\n')
        const sender = name.replace(/["<>\\]/g, '')
        const raw = mime({ subject, text, html: `<p>${text}</p>`, name: sender === '' ? null : sender })
        const parsed = await PostalMime.parse(raw)
        expect(parsed.subject ?? '').toBe(subject)
        // The parser counts the line break before the boundary in; RFC 2046 §5.1.1 does not.
        expect(parsed.text).toBe(`${text}\n`)
        expect(parsed.html).toBe(`<p>${text}</p>\n`)
        expect(parsed.from).toMatchObject({ name: sender, address: 'sign-in@auth.test' })
      }),
      { numRuns: 100 },
    )
  })

  test('is ASCII in short lines that end in CRLF and never begin with a dot', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), printable, (text, subject) => {
        const raw = mime({ text: `.${text}`, html: `\n.${'.'.repeat(200)}${text}`, subject })
        expect(raw.split('\r\n').filter(line => !/^(?!\.)[ -~]{0,78}$/.test(line))).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('is not taken for an encoded word that somebody wrote into a name', async () => {
    const subject = 'Sign in to =?utf-8?B?RXZpbA==?='
    expect((await PostalMime.parse(mime({ subject }))).subject).toBe(subject)
  })
})

describe('MAIL_FROM', () => {
  test.each([
    ['sign-in@auth.test', { name: null, address: 'sign-in@auth.test' }],
    [' Latchkey <sign-in@auth.test> ', { name: 'Latchkey', address: 'sign-in@auth.test' }],
    ['"Acme, Inc." <a@b.test>', { name: 'Acme, Inc.', address: 'a@b.test' }],
    ['Bücher <a@b.test>', { name: 'Bücher', address: 'a@b.test' }],
    ['<a@b.test>', { name: null, address: 'a@b.test' }],
    ['latchkey@localhost', { name: null, address: 'latchkey@localhost' }],
  ])('reads %s', (from, sender) => {
    expect(parseSender(from)).toEqual(sender)
  })

  test.each([
    '',
    'Latchkey',
    'a@b.test, c@d.test',
    'A <a@b.test> <c@d.test>',
    'A\r\nBcc: c@d.test <a@b.test>',
    'A <a@b.test\r\nRCPT TO:<c@d.test>',
    'A "B" <a@b.test>',
    'A <a@b.test>x',
  ])('ML-11 refuses %j', from => {
    expect(() => parseSender(from)).toThrow('MAIL_FROM')
  })
})
