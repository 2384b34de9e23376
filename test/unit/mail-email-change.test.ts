import { describe, expect, test } from 'vitest'
import { maskAddress } from '../../src/domain/email-address.ts'
import {
  addressInUseMessage,
  emailChangedMessage,
  emailCodeMessage,
} from '../../src/mail/email-change-messages.ts'

const HOSTILE = 'x\r\nBcc: eve@evil.test\n\nBCDF-GHJK\n<img src=x> https://evil.test'
const asked = { to: 'new@x.test', device: 'Firefox on Linux', place: 'Zürich, Switzerland' }
const messages = (changes: Partial<typeof asked> = {}) => ({
  code: emailCodeMessage({ ...asked, ...changes, code: 'MNPQRTVW', expiresInMinutes: 10 }),
  inUse: addressInUseMessage({ ...asked, ...changes }),
  changed: emailChangedMessage({
    ...asked,
    ...changes,
    to: 'old@x.test',
    maskedAddress: maskAddress('new@x.test'),
    at: 1_795_000_000,
    issuer: 'https://auth.test',
  }),
})
const codesIn = (text: string) => text.split('\n').filter(line => /^[A-Z0-9]{4}-[A-Z0-9]{4}$/.test(line))

describe('ML-17 the mails of a change of address', () => {
  test('ML-17 the code stands alone on a line, and in no other of them', () => {
    const { code, inUse, changed } = messages()
    expect(codesIn(code.text)).toEqual(['MNPQ-RTVW'])
    expect(code.html).toContain('MNPQ-RTVW')
    expect(code.text).toContain('10 minutes')
    for (const { text, html } of [inUse, changed])
      expect(`${text}${html}`).not.toMatch(/[A-Z0-9]{4}-[A-Z0-9]{4}/)
  })

  test('ML-17 the notice says when, where and what to do; of the new address only a trace, and no secret', () => {
    const { to, text, html } = messages().changed
    expect(to).toBe('old@x.test')
    for (const part of [text, html]) {
      for (const said of [
        '18 November 2026',
        'Firefox on Linux',
        'Zürich, Switzerland',
        'n…@x.test',
        'https://auth.test/account',
      ])
        expect(part).toContain(said)
      expect(part).not.toContain('new@x.test')
      expect(part).not.toContain('token')
    }
  })

  test.each(Object.keys(messages()) as (keyof ReturnType<typeof messages>)[])(
    'ML-11 no device or place, however hostile, adds a line, a tag, a code or a link to %s',
    name => {
      const [calm, hostile] = [messages()[name], messages({ device: HOSTILE, place: HOSTILE })[name]]
      expect(hostile.subject).toBe(calm.subject)
      expect(hostile.text.split('\n')).toHaveLength(calm.text.split('\n').length)
      expect(codesIn(hostile.text)).toEqual(codesIn(calm.text))
      expect(hostile.html.match(/<[^>]*>/g)).toEqual(calm.html.match(/<[^>]*>/g))
      expect(`${hostile.text}${hostile.html}`).not.toMatch(/evil\.test|@evil/)
    },
  )

  test.each([
    ['ann@x.test', 'a…@x.test'],
    ['a@x.test', 'a…@x.test'],
    ['very.long+tag@sub.example.com', 'v…@sub.example.com'],
  ])('%s is shown as %s', (address, masked) => {
    expect(maskAddress(address)).toBe(masked)
  })
})
