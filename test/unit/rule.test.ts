import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AtLimit, DEFAULT_RULE, effectiveRule, refusesAnother } from '../../src/domain/rule.ts'

const RULES: [limit: number | null, atLimit: AtLimit, one: boolean, limit: number, replace: AtLimit][] = [
  [1, 'replace_oldest', false, 1, 'replace_oldest'],
  [1, 'replace_oldest', true, 1, 'replace_oldest'],
  [1, 'replace_least_recent', false, 1, 'replace_least_recent'],
  [3, 'refuse', true, 1, 'replace_least_recent'],
  [3, 'replace_oldest', true, 1, 'replace_least_recent'],
  [101, 'replace_oldest', false, 100, 'replace_least_recent'],
  [101, 'refuse', false, 100, 'replace_least_recent'],
  [null, 'refuse', false, 100, 'replace_least_recent'],
  [null, 'replace_oldest', false, 100, 'replace_least_recent'],
  [null, 'replace_oldest', true, 1, 'replace_least_recent'],
]

test.each(RULES)(
  'SE-08: limit %s, %s, one session per client %s: leaves room for %s by %s',
  (limit, at_limit, one, effective, replace) => {
    expect(effectiveRule({ limit, at_limit }, one)).toEqual({ limit: effective, replace })
  },
)

test.each([
  [1, 'refuse', 0, false],
  [1, 'refuse', 1, true],
  [3, 'refuse', 2, false],
  [3, 'refuse', 3, true],
  [null, 'refuse', 500, false],
  [1, 'replace_oldest', 5, false],
  [1, 'replace_least_recent', 5, false],
] as const)('SE-08: limit %s, %s, with %s live: refuses another: %s', (limit, at_limit, live, refuses) => {
  expect(refusesAnother({ limit, at_limit }, live)).toBe(refuses)
})

test('SE-08: the default is one session, and the newest wins', () => {
  expect(DEFAULT_RULE).toEqual({ limit: 1, at_limit: 'replace_oldest' })
})

test('SE-08: a preference never raises a limit', () => {
  const limit = fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: null })
  fc.assert(
    fc.property(limit, fc.constantFrom('replace_oldest', 'refuse'), (n, at_limit) => {
      const rule = { limit: n, at_limit } as const
      expect(effectiveRule(rule, true).limit).toBeLessThanOrEqual(effectiveRule(rule, false).limit)
      expect(effectiveRule(rule, false).limit).toBeLessThanOrEqual(n ?? 100)
    }),
  )
})
