// The reading of domains rests on the platform's URL parser: the same table again, where it counts.
import { expect, test } from 'vitest'
import { parseEmailAddress } from '../../src/domain/email-address.ts'
import { ACCEPTED, REFUSED } from '../email-addresses.ts'

test.each(ACCEPTED)('ML-12: %j is %s, delivered to %s', (typed, canonical, deliverTo) => {
  expect(parseEmailAddress(typed)).toEqual({ canonical, deliverTo })
})

test.each(REFUSED)('ML-11: %s is refused: %j', (_, typed) => {
  expect(parseEmailAddress(typed)).toBeNull()
})
