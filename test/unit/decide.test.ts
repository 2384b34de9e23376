import { describe, expect, test } from 'vitest'
import type { UserState } from '../../src/domain/commands.ts'
import { decide } from '../../src/domain/decide.ts'
import type { Preferences } from '../../src/domain/preferences.ts'
import type { AtLimit, SessionRule } from '../../src/domain/rule.ts'
import type { Session } from '../../src/domain/session.ts'
import { aNewSession, apply, aSession, aStart, aUser, CLIENTS, kindOf, liveIds, NOW } from './model.ts'

const DEFAULT: SessionRule = { limit: 1, at_limit: 'replace_oldest' }
const DEVICES = [1, 2, 3, 4]

/** Four devices sign in on each of three clients, one after the other; device 1 is used again before device 4. */
function matrixUnder(rule: SessionRule): UserState {
  let state = aUser()
  for (const device of DEVICES) {
    for (const clientId of CLIENTS) {
      const now = NOW + device
      if (device === 4) state = usedAgain(state, `${clientId}1`, now)
      const session = aNewSession(`${clientId}${device}`, clientId, kindOf(clientId))
      state = apply(state, decide(state, aStart(session.id, clientId, rule, { session }), now).events)
    }
  }
  return state
}

const usedAgain = (state: UserState, id: string, now: number): UserState => ({
  ...state,
  sessions: state.sessions.map(session => (session.id === id ? { ...session, lastSeenAt: now } : session)),
})

describe('SE-08: three clients, four devices', () => {
  const rules: [string, SessionRule, number[]][] = [
    ['the default rule leaves the newest', DEFAULT, [4]],
    ['replace_oldest with limit 2 leaves the two newest', { limit: 2, at_limit: 'replace_oldest' }, [3, 4]],
    [
      'replace_oldest with limit 3 ends the first, though it is in use',
      { limit: 3, at_limit: 'replace_oldest' },
      [2, 3, 4],
    ],
    [
      'replace_least_recent with limit 2 leaves the one in use',
      { limit: 2, at_limit: 'replace_least_recent' },
      [3, 4],
    ],
    [
      'replace_least_recent with limit 3 leaves the one in use',
      { limit: 3, at_limit: 'replace_least_recent' },
      [1, 3, 4],
    ],
    ['refuse with limit 1 leaves the first', { limit: 1, at_limit: 'refuse' }, [1]],
    ['refuse with limit 2 leaves the first two', { limit: 2, at_limit: 'refuse' }, [1, 2]],
    ['no limit leaves all', { limit: null, at_limit: 'replace_oldest' }, [1, 2, 3, 4]],
    ['no limit never refuses', { limit: null, at_limit: 'refuse' }, [1, 2, 3, 4]],
    ['a limit that is not reached leaves all', { limit: 4, at_limit: 'refuse' }, [1, 2, 3, 4]],
  ]
  test.each(rules)('SE-08: %s', (_, rule, devices) => {
    const expected = CLIENTS.flatMap(clientId => devices.map(device => `${clientId}${device}`))
    expect(liveIds(matrixUnder(rule)).sort()).toEqual(expected.sort())
  })

  test('SE-08: a new sign-in ends the older session of the same client, and no other', () => {
    const state = aUser([aSession('ios1'), aSession('android1', { clientId: 'android' })])
    const { events, result } = decide(state, aStart('ios2', 'ios', DEFAULT), NOW)
    expect(result).toEqual({ tag: 'started', sessionId: 'ios2', replaced: ['ios1'], isNoticeDue: false })
    expect(events).toMatchObject([
      {
        type: 'session.ended',
        sessionId: 'ios1',
        reason: 'replaced',
        by: { kind: 'session', session_id: 'ios2' },
      },
      { type: 'session.created', session: { id: 'ios2' }, sessionLimit: 1 },
    ])
  })

  test('SE-08: of sessions of the same second, the first in the log is the oldest', () => {
    const state = aUser([aSession('second', { createdSeq: 2 }), aSession('first', { createdSeq: 1 })])
    const rule: SessionRule = { limit: 2, at_limit: 'replace_oldest' }
    expect(decide(state, aStart('third', 'ios', rule), NOW).result).toMatchObject({ replaced: ['first'] })
  })

  test('SE-08: the oldest is the first in the log, whatever clock its second was read from', () => {
    const sessions = [
      aSession('first', { createdSeq: 1, createdAt: NOW - 1 }),
      aSession('second', { createdSeq: 2, createdAt: NOW - 2 }),
    ]
    const rule: SessionRule = { limit: 2, at_limit: 'replace_oldest' }
    const { result } = decide(aUser(sessions), aStart('third', 'ios', rule), NOW)
    expect(result).toMatchObject({ replaced: ['first'] })
  })

  test('SE-08: a limit that was lowered meanwhile is reached at the next sign-in', () => {
    const state = aUser([1, 2, 3, 4].map(seq => aSession(`s${seq}`, { createdSeq: seq })))
    const rule: SessionRule = { limit: 2, at_limit: 'replace_oldest' }
    expect(liveIds(apply(state, decide(state, aStart('s5', 'ios', rule), NOW).events))).toEqual(['s4', 's5'])
  })
})

describe('SE-14: the ceilings hold whatever a rule says', () => {
  const many = (count: number, clientOf: (index: number) => string) =>
    Array.from({ length: count }, (_, index) =>
      aSession(`s${index}`, {
        clientId: clientOf(index),
        createdSeq: index + 1,
        createdAt: NOW - 5_000 + index,
        lastSeenAt: index === 7 ? NOW - 9_000 : NOW - 1_000,
      }),
    )
  const generous: SessionRule[] = (['replace_oldest', 'replace_least_recent', 'refuse'] as AtLimit[]).flatMap(
    at_limit => [
      { limit: null, at_limit },
      { limit: 5_000, at_limit },
    ],
  )

  test.each(generous)('SE-14: the 101st on one client replaces the least recently used (%o)', rule => {
    const state = aUser(many(100, () => 'ios'))
    const { result, events } = decide(state, aStart('new', 'ios', rule), NOW)
    expect(result).toEqual({ tag: 'started', sessionId: 'new', replaced: ['s7'], isNoticeDue: false })
    expect(liveIds(apply(state, events))).toHaveLength(100)
  })

  test.each(generous)('SE-14: the 1001st replaces the least recently used of any client (%o)', rule => {
    const state = aUser(many(1_000, index => `c${index % 10}`))
    const { result, events } = decide(state, aStart('new', 'ios', rule), NOW)
    expect(result).toEqual({ tag: 'started', sessionId: 'new', replaced: ['s7'], isNoticeDue: false })
    expect(liveIds(apply(state, events))).toHaveLength(1_000)
  })

  test('SE-14: a client at its limit makes its own room, and ends no other for the ceiling', () => {
    const state = aUser(many(1_000, index => `c${index % 10}`))
    const rule: SessionRule = { limit: 100, at_limit: 'replace_oldest' }
    expect(decide(state, aStart('new', 'c3', rule), NOW).result).toMatchObject({ replaced: ['s3'] })
  })
})

describe('preferences tighten a rule and never loosen it', () => {
  const rows: [string, Partial<Preferences>, SessionRule, Session[], object][] = [
    [
      'one session per client: replaces where the rule would allow more',
      { one_session_per_client: true },
      { limit: 3, at_limit: 'refuse' },
      [aSession('a'), aSession('b', { clientId: 'android' })],
      { tag: 'started', replaced: ['a'] },
    ],
    [
      'one session per client: a rule of one that refuses still refuses',
      { one_session_per_client: true },
      { limit: 1, at_limit: 'refuse' },
      [aSession('a')],
      { tag: 'refused', why: 'session_limit_reached' },
    ],
    [
      'one device: ends first-party sessions on every client, third-party apps stay',
      { one_device: true },
      { limit: null, at_limit: 'refuse' },
      [
        aSession('a'),
        aSession('b', { clientId: 'android' }),
        aSession('c', { clientId: 'photos', clientKind: 'third_party' }),
      ],
      { tag: 'started', replaced: ['a', 'b'] },
    ],
    [
      'one device: opens no door that the client’s rule has shut',
      { one_device: true },
      { limit: 1, at_limit: 'refuse' },
      [aSession('a')],
      { tag: 'refused', why: 'session_limit_reached' },
    ],
    [
      'one session per client: opens no door that the client’s rule has shut',
      { one_session_per_client: true },
      { limit: 2, at_limit: 'refuse' },
      [aSession('a'), aSession('b')],
      { tag: 'refused', why: 'session_limit_reached' },
    ],
    [
      'one session per client: replaces below a limit that refuses',
      { one_session_per_client: true },
      { limit: 2, at_limit: 'refuse' },
      [aSession('a')],
      { tag: 'started', replaced: ['a'] },
    ],
  ]
  test.each(rows)('%s', (_, preferences, rule, sessions, expected) => {
    expect(decide(aUser(sessions, preferences), aStart('new', 'ios', rule), NOW).result).toMatchObject(
      expected,
    )
  })

  test('one device: a third-party sign-in ends no other session', () => {
    const start = aStart('new', 'photos', DEFAULT, { session: aNewSession('new', 'photos', 'third_party') })
    const state = aUser([aSession('a'), aSession('b', { clientId: 'android' })], { one_device: true })
    expect(decide(state, start, NOW).result).toMatchObject({ tag: 'started', replaced: [] })
  })
})
