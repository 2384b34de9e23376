// The two judges: of a presented refresh token, and of a token with a good signature.
import { describe, expect, test } from 'vitest'
import { type Bucket, deadTokenCode, judgeBucket, type RetiredReason } from '../../src/domain/bucket.ts'
import { judgeRefresh, type RefreshVerdict, type RotatedRow } from '../../src/domain/refresh.ts'
import { isOpen, type SignIn } from '../../src/domain/sign-in.ts'

const NOW = 1_800_000_000
const GRACE = 10

describe('judging a presented refresh token of generation 3', () => {
  const row = (changes: Partial<RotatedRow> = {}): RotatedRow => ({
    generation: 4,
    secretDigest: 'd',
    sealedSuccessor: 'sealed',
    expiresAt: NOW + 100,
    spentAt: NOW - 5,
    ...changes,
  })
  const same: RefreshVerdict = { tag: 'same_successor', sealed: 'sealed' }
  const refused = (why: string) => ({ tag: 'refused', why })
  const reused = { tag: 'reused' }

  const rows: [name: string, row: RotatedRow | null, grace: number, verdict: object][] = [
    ['RF-05: its session has ended', null, GRACE, refused('session_gone')],
    ['RF-05: its session has expired this second', row({ expiresAt: NOW }), GRACE, refused('expired')],
    ['RF-05: its session expires in the next second', row({ expiresAt: NOW + 1 }), GRACE, same],
    ['RF-01: spent by another one of the same generation', row({ generation: 3 }), GRACE, refused('unknown')],
    ['RF-01: from a future generation', row({ generation: 2, spentAt: null }), GRACE, refused('unknown')],
    ['RF-03: spent just now', row({ spentAt: NOW }), GRACE, same],
    ['RF-03: spent within the grace', row({ spentAt: NOW - 9 }), GRACE, same],
    ['RF-02: spent longer ago than the grace', row({ spentAt: NOW - 11 }), GRACE, reused],
    ['RF-02: spent long ago, and the trace is gone', row({ spentAt: null }), GRACE, reused],
    ['RF-02: spent just now, without a grace', row({ spentAt: NOW }), 0, reused],
    ['RF-02: spent by a clock that is ahead, without a grace', row({ spentAt: NOW + 1 }), 0, reused],
    [
      'RF-03: its successor was used within the grace',
      row({ generation: 5 }),
      GRACE,
      refused('successor_used'),
    ],
    [
      'RF-02: its successor was used, after the grace',
      row({ generation: 5, spentAt: NOW - 11 }),
      GRACE,
      reused,
    ],
    ['RF-02: a distant generation', row({ generation: 90, spentAt: null }), GRACE, reused],
    ['RF-03: no successor is kept', row({ sealedSuccessor: null }), GRACE, refused('successor_used')],
  ]
  test.each(rows)('%s', (_, state, grace, verdict) => {
    expect(judgeRefresh(state, { generation: 3 }, false, grace, NOW)).toEqual(verdict)
  })

  test('RF-03: this very attempt has rotated it: also when its first answer was lost', () => {
    expect(judgeRefresh(row(), { generation: 3 }, true, GRACE, NOW)).toEqual({ tag: 'rotated' })
    expect(judgeRefresh(null, { generation: 3 }, true, GRACE, NOW)).toEqual(refused('session_gone'))
  })
})

describe('EB-02: judging a bucket', () => {
  const bucket = (changes: Partial<Bucket> = {}): Bucket => ({
    commitment: 'c',
    expiresAt: NOW,
    retiredAt: null,
    retiredReason: null,
    ...changes,
  })
  const retired = bucket({ retiredAt: NOW - 9, retiredReason: 'signed_out' })
  const table: [stored: string, Bucket | null, isCommitted: boolean, verdict: object][] = [
    ['live', bucket(), true, { tag: 'live' }],
    ['live', bucket(), false, { tag: 'forged' }],
    ['retired', retired, true, { tag: 'retired', reason: 'signed_out', at: NOW - 9 }],
    ['retired', retired, false, { tag: 'forged' }],
    ['none', null, true, { tag: 'forged' }],
    ['none', null, false, { tag: 'forged' }],
  ]
  test.each(table)('EB-02: bucket %s (%j), commitment equal %s', (_, stored, isCommitted, verdict) => {
    expect(judgeBucket(stored, isCommitted)).toEqual(verdict)
  })

  test('EB-07: a retired bucket is never accepted, even when its reason was lost', () => {
    expect(judgeBucket(bucket({ retiredAt: 0 }), true)).toMatchObject({ tag: 'retired', at: 0 })
  })

  const codes: [RetiredReason, string][] = [
    ['rotated', 'token_rotated'],
    ['replaced', 'session_replaced'],
    ['signed_out', 'session_ended'],
    ['ended_by_user', 'session_ended'],
    ['ended_by_operator', 'session_ended'],
    ['not_me', 'session_ended'],
    ['refresh_reused', 'session_ended'],
    ['code_reused', 'session_ended'],
    ['expired', 'session_ended'],
    ['user_disabled', 'session_ended'],
    ['consent_withdrawn', 'session_ended'],
  ]
  test.each(codes)('a token retired as %s is told %s', (reason, code) =>
    expect(deadTokenCode(reason)).toBe(code),
  )
})

describe('ML-02: a sign-in is open', () => {
  const signIn = (changes: Partial<SignIn>) => ({ expiresAt: NOW + 1, wrongCodes: 0, ...changes }) as SignIn
  test.each([
    ['until the second before its expiry', { expiresAt: NOW + 1 }, true],
    ['not at its expiry', { expiresAt: NOW }, false],
    ['after four wrong codes', { wrongCodes: 4 }, true],
    ['not after five wrong codes', { wrongCodes: 5 }, false],
  ])('ML-02: %s', (_, changes, expected) => expect(isOpen(signIn(changes), NOW)).toBe(expected))
})
