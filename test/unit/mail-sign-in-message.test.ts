import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { signInMessage } from '../../src/mail/sign-in-message.ts'

const LINK = 'https://auth.test/sign-in/link?token=header.payload.signature'

const mail = (about: Partial<Parameters<typeof signInMessage>[0]> = {}) =>
  signInMessage({
    to: 'ann@mail.test',
    link: LINK,
    code: 'BCDFGHJK',
    clientName: 'Acme Notes',
    expiresInMinutes: 10,
    device: 'Firefox on Linux',
    place: 'Zürich, Switzerland',
    ...about,
  })

const linesOf = (text: string) => text.split('\n')

/** What a stranger may put into a name: markup, bidi overrides, line breaks, a code, a link, far too much of it. */
const hostileName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom(
    '<img src=x onerror=alert(1)>',
    '"><script>alert(1)</script>',
    'Acme\r\nBcc: eve@evil.test\r\n\r\nBody',
    '\u202Etxt.exe\u2066\u200F\u061C',
    'a\nBCDF-GHJK\nb\u2028BCDF-GHJK\u2029c\u0085d',
    `\n${LINK}x\n`,
    '&amp;&#x3c;b&#x3e;',
    '\uD800 lone',
    'x'.repeat(300),
    '👩‍👩‍👧‍👧'.repeat(100),
    '',
    ' \t ',
  ),
)

describe('the sign-in mail', () => {
  test('shows code and link alone on a line each', () => {
    const lines = linesOf(mail().text)
    expect(lines.filter(line => line === 'BCDF-GHJK')).toHaveLength(1)
    expect(lines.filter(line => line === LINK)).toHaveLength(1)
  })

  test('says who asks, from where, for how long, and what to do when it was somebody else', () => {
    const { subject, text } = mail()
    expect(subject).toBe('Sign in to Acme Notes')
    expect(text).toContain('sign in to Acme Notes')
    expect(text).toContain('Device: Firefox on Linux\nPlace: Zürich, Switzerland\n')
    expect(text).toContain('10 minutes')
    expect(text).toContain('never give it to anyone')
    expect(text).toContain("If this wasn't you, ignore this email")
  })

  test('leaves out a device and a place that are not known', () => {
    const { text, html } = mail({ device: null, place: ' \u202E ' })
    expect(`${text}${html}`).not.toMatch(/Device|Place|null/)
  })

  test('keeps the code out of the subject, which locked screens show', () => {
    expect(mail().subject).not.toMatch(/BCDF/)
  })

  test('loads nothing from anywhere', () => {
    const { html } = mail()
    expect(html).not.toMatch(/<(img|link|script|iframe|object)|url\(|@import|src=/i)
    expect(html.match(/https?:\/\/[^"<\s]*/g)).toEqual([LINK])
  })

  test('escapes a link with an ampersand and quotes', () => {
    const { html, text } = mail({ link: 'https://auth.test/l?a=1&b="x"' })
    expect(html).toContain('href="https://auth.test/l?a=1&amp;b=&quot;x&quot;"')
    expect(text).toContain('\nhttps://auth.test/l?a=1&b="x"\n')
  })

  test('ML-11 no name, however hostile, adds a line, a tag, a control character or a second code', () => {
    const calm = mail()
    const tags = (html: string) => html.match(/<[^>]*>/g)
    fc.assert(
      fc.property(hostileName, hostileName, hostileName, (clientName, device, place) => {
        const { subject, text, html } = mail({ clientName, device: `x${device}`, place: `x${place}` })
        expect(subject).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect([...subject].length).toBeLessThanOrEqual('Sign in to '.length + 60)
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect(linesOf(text)).toHaveLength(linesOf(calm.text).length)
        expect(linesOf(text).filter(line => /^[A-Z0-9]{4}-[A-Z0-9]{4}$/.test(line))).toEqual(['BCDF-GHJK'])
        expect(tags(html)).toEqual(tags(calm.html))
        expect(html.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
      { numRuns: 300 },
    )
  })

  test('ML-11 a device or place is never something that a mail program turns into a link', () => {
    const names = ['http://evil.test/a', 'www.evil.test', 'evil.test', 'eve@evil.test', 'https:\\\\evil.test']
    for (const name of names) {
      const { text, html } = mail({ device: name, place: name })
      expect(`${text}${html}`).not.toMatch(/evil\.test|@evil|:\/\/evil|www\./)
    }
    expect(mail({ device: 'Chrome 120.1 on macOS' }).text).toContain('Device: Chrome 120.1 on macOS')
  })
})
