import { describe, expect, test } from 'vitest'
import type { StartSession, UserState } from '../../src/domain/commands.ts'
import { decide } from '../../src/domain/decide.ts'
import { type DeviceTrace, isKnownDevice, laterOnDevice } from '../../src/domain/known-device.ts'
import { aSession, aStart, aUser, NOW } from './model.ts'

const NOTICE = { id: 'm_1', sealed: 'sealed', expiresAt: NOW + 10, leasedUntil: NOW + 5 }
const created = (sessionId: string, ...marks: string[]): DeviceTrace => ({ sessionId, reason: null, marks })
const ended = (sessionId: string, reason: string): DeviceTrace => ({ sessionId, reason, marks: [] })
/** Told in the order of the log, kept newest first. */
const log = (...traces: DeviceTrace[]): readonly DeviceTrace[] => traces.toReversed()

describe('ML-16: a known device', () => {
  test.each<[string, readonly DeviceTrace[], boolean]>([
    ['nothing is known at first', [], false],
    ['one mark in common is enough', log(created('a', 'traits', 'x')), true],
    ['others are not', log(created('a', 'x', 'y')), false],
    ['the end of its session leaves it known', log(created('a', 'browser'), ended('a', 'signed_out')), true],
    ['a disowned session takes its marks along', log(created('a', 'browser'), ended('a', 'not_me')), false],
    [
      'and those that it shares with others',
      log(created('a', 'traits'), created('b', 'traits'), ended('b', 'not_me')),
      false,
    ],
    [
      'a later sign-in, which was announced, is known again',
      log(created('a', 'browser'), ended('a', 'not_me'), created('b', 'browser')),
      true,
    ],
    [
      'and those of the sign-ins by which its device was known: it may have moved in between',
      log(created('a', 'traits', 'x'), created('b', 'y', 'x'), created('c', 'y', 'z'), ended('c', 'not_me')),
      false,
    ],
    ['another session disowned changes nothing', log(created('a', 'browser'), ended('b', 'not_me')), true],
  ])('%s', (_, traces, expected) => {
    expect(isKnownDevice(traces, ['traits', 'browser'])).toBe(expected)
  })

  test('later sign-ins from it are told from earlier ones, and from those of other devices', () => {
    const traces = log(
      created('before', 'n1', 'b0'),
      created('own', 'n2', 'b1'),
      ended('own', 'signed_out'),
      created('moved', 'n3', 'b1'),
      created('other', 'n4', 'b4'),
      created('cleared', 'n3', 'b3'),
    )
    expect(laterOnDevice(traces, 'own')).toEqual(new Set(['moved', 'cleared']))
    expect(laterOnDevice(traces, 'long ago')).toEqual(new Set())
  })

  test('nothing without a mark is known', () => {
    expect(isKnownDevice(log(created('a')), [])).toBe(false)
  })
})

describe('ML-16: a notice', () => {
  const known = log(created('a', 'browser'))
  const start = (changes: Partial<StartSession>): StartSession =>
    aStart('new', 'ios', { limit: 1, at_limit: 'refuse' }, { notice: NOTICE, marks: ['browser'], ...changes })
  const user = (wish: 'always' | 'new_device' | 'never', traces: readonly DeviceTrace[] = []): UserState => ({
    ...aUser([], { notify: { new_sign_in: wish } }),
    traces,
  })
  const decided = (state: UserState, changes: Partial<StartSession> = {}) => {
    const { events, result } = decide(state, start(changes), NOW)
    const notices = events.flatMap(event => (event.type === 'session.created' ? [event.notice] : []))
    return { notices, isDue: result.tag === 'started' && result.isNoticeDue }
  }

  test.each([
    ['always', [], true],
    ['always', known, true],
    ['new_device', [], true],
    ['new_device', known, false],
    ['never', [], false],
    ['never', known, false],
  ] as const)('with the preference %s and the log %j: %s', (wish, traces, due) => {
    const expected = { notices: [due ? NOTICE : null], isDue: due }
    expect(decided(user(wish, traces))).toEqual(expected)
  })

  test('none for the first sign-in of all, whatever was prepared', () => {
    const nobody = { ...user('always'), user: null }
    expect(decided(nobody, { newUser: { email: 'a@x.test' } })).toEqual({ notices: [null], isDue: false })
  })

  test('none where none was prepared', () => {
    expect(decided(user('always'), { notice: null })).toEqual({ notices: [null], isDue: false })
  })

  test('none for a sign-in that is refused', () => {
    const full = { ...user('always'), sessions: [aSession('other')] }
    expect(decided(full)).toEqual({ notices: [], isDue: false })
  })
})
