import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseEmailAddress } from '../../src/domain/email-address.ts'
import { ACCEPTED, REFUSED } from '../email-addresses.ts'

test.each(ACCEPTED)('ML-12: %j is %s, delivered to %s', (typed, canonical, deliverTo) => {
  expect(parseEmailAddress(typed)).toEqual({ canonical, deliverTo })
})

test.each(REFUSED)('ML-11: %s is refused: %j', (_, typed) => {
  expect(parseEmailAddress(typed)).toBeNull()
})

const canonical = (typed: string) => parseEmailAddress(typed)?.canonical

test('ML-12: look-alikes are different accounts', () => {
  const alike = [
    'ann@paypal.test',
    'ann@p\u0430ypal.test',
    'ann@paypa1.test',
    'ann@päypal.test',
    'ann@pаураl.test',
  ]
  const strasse = ['ann@strasse.test', 'ann@straße.test']
  const local = ['ann@x.test', 'a.nn@x.test', 'ann+1@x.test', 'anm@x.test', 'ann@x.test.test']
  for (const group of [alike, strasse, local]) {
    const forms = group.map(canonical)
    expect(forms.every(form => form !== undefined)).toBe(true)
    expect(new Set(forms).size).toBe(group.length)
  }
})

test('ML-11: 254 octets are the most', () => {
  const domainOf = (length: number) =>
    `${'d.'.repeat(120)}`
      .slice(0, length - 5)
      .replace(/\.$/, 'd')
      .concat('.test')
  const longest = `${'l'.repeat(64)}@${domainOf(189)}`
  expect([longest.length, parseEmailAddress(longest)?.canonical]).toEqual([254, longest])
  expect(parseEmailAddress(`${'l'.repeat(64)}@${domainOf(190)}`)).toBeNull()
})

test('ML-11: whatever is accepted is one line of ASCII with one @, and reads the same again', () => {
  const part = fc.string({ unit: 'binary', maxLength: 12 })
  const typical = fc.string({
    unit: fc.constantFrom(...'aZ09.-+_\u00FC\u212A\u0430\u3002 \n,"@'),
    maxLength: 10,
  })
  fc.assert(
    fc.property(fc.oneof(part, typical), fc.oneof(part, typical), (local, domain) => {
      const address = parseEmailAddress(`${local}@${domain}.test`)
      if (address === null) return
      expect(address.deliverTo).toMatch(/^[!-?A-~]+@[A-Za-z0-9.-]+$/)
      expect(address.deliverTo.length).toBeLessThanOrEqual(254)
      expect(parseEmailAddress(address.canonical)?.canonical).toBe(address.canonical)
      expect(parseEmailAddress(address.deliverTo)?.canonical).toBe(address.canonical)
    }),
    { numRuns: 2_000 },
  )
})
