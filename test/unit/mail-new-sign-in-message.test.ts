import { describe, expect, test } from 'vitest'
import { newSignInMessage } from '../../src/mail/new-sign-in-message.ts'
import { describeDevice, describePlace } from '../../src/sign-in/describe.ts'

const LINK = 'https://auth.test/account/not-me?token=AAAA'
const mail = (about: Partial<Parameters<typeof newSignInMessage>[0]> = {}) =>
  newSignInMessage({
    to: 'ann@mail.test',
    link: LINK,
    clientName: 'Acme Notes',
    at: Date.UTC(2027, 2, 3, 14, 5, 59) / 1_000,
    device: 'Firefox on Linux',
    place: 'Zürich, CH',
    linkDays: 7,
    ...about,
  })

describe('ML-16: the notice of a sign-in', () => {
  test('says which client, when, on what, where, and how to end it, in both parts', () => {
    const { to, subject, text, html } = mail()
    expect([to, subject]).toEqual(['ann@mail.test', 'New sign-in to Acme Notes'])
    for (const part of [text, html]) {
      expect(part).toContain('signed in to Acme Notes')
      expect(part).toContain('Time: 3 March 2027 at 14:05 UTC')
      expect(part).toContain('Device: Firefox on Linux')
      expect(part).toContain('Place: Zürich, CH')
      expect(part).toContain('7 days')
    }
    expect(text.split('\n').filter(line => line === LINK)).toHaveLength(1)
    expect(html.match(/https?:\/\/[^"<\s]*/g)).toEqual([LINK])
    expect(html).not.toMatch(/<(img|link|script|iframe|object)|url\(|@import|src=/i)
  })

  test('has no line that could be taken for a typed code', () => {
    expect(mail({ device: 'BCDF-GHJK', place: 'BCDFGHJK' }).text).not.toMatch(/^[A-Z0-9]{4}-?[A-Z0-9]{4}$/m)
  })

  test('leaves out what is not known', () => {
    const { text, html } = mail({ device: null, place: null })
    expect(`${text}${html}`).not.toMatch(/Device|Place|null/)
  })

  test.each([
    '<b>x</b>',
    'a\r\nBcc: eve@evil.test\n\nb',
    '\u202Etxt\u2028x',
    'x'.repeat(300),
    'http://evil.test',
  ])('no name, however hostile, adds a line, a tag or a link: %j', name => {
    const [calm, { subject, text, html }] = [mail(), mail({ clientName: name, device: name, place: name })]
    expect(subject).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(text.split('\n')).toHaveLength(calm.text.split('\n').length)
    expect(html.match(/<[^>]*>/g)).toEqual(calm.html.match(/<[^>]*>/g))
    expect(`${text}${html}`.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(`${subject}${text}${html}`).not.toMatch(/evil\.test|@evil|:\/\/evil/)
  })

  // Anybody may give a name along with a sign-in: what runs there is said first, and is never cut off by it.
  const named = { name: 'Ann’s iPhone', kind: 'desktop', browser: 'Firefox', os: 'Linux' } as const
  test.each([
    [named, 'Device: Firefox on Linux, “Ann’s iPhone”'],
    [{ ...named, name: 'x'.repeat(300) }, 'Device: Firefox on Linux, “xxxx'],
    [{ ...named, browser: null, os: null }, 'Device: “Ann’s iPhone”'],
    [{ ...named, name: null }, 'Device: Firefox on Linux\n'],
    [{ ...named, name: '\u202E', browser: null, os: null }, 'UTC\nPlace'],
  ])('says of %j: %s', (device, said) => {
    expect(mail({ device: describeDevice(device) }).text).toContain(said)
  })

  test.each([
    [{ city: 'Lisbon', country: 'PT' }, 'Place: Lisbon, Portugal\n'],
    [{ city: null, country: 'T1' }, 'Place: Tor network\n'],
    [{ city: null, country: 'XX' }, 'Linux\n\n'],
  ])('says of %j: %s', (place, said) => {
    expect(mail({ place: describePlace(place) }).text).toContain(said)
  })
})
