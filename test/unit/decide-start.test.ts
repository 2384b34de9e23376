import { describe, expect, test } from 'vitest'
import { decide } from '../../src/domain/decide.ts'
import { SESSION_ABSOLUTE_SECONDS, SESSION_IDLE_SECONDS } from '../../src/domain/limits.ts'
import { DEFAULT_PREFERENCES } from '../../src/domain/preferences.ts'
import type { SessionRule } from '../../src/domain/rule.ts'
import { apply, aSession, aStart, aUser, liveIds, NOW } from './model.ts'

const ONE: SessionRule = { limit: 1, at_limit: 'replace_oldest' }
const REFUSE: SessionRule = { limit: 1, at_limit: 'refuse' }
const NO_LIMIT: SessionRule = { limit: null, at_limit: 'replace_oldest' }
const expired = (id: string) => aSession(id, { expiresAt: NOW })

describe('SE-05: an expired session', () => {
  test('SE-05: is ended as expired, once, by the next change', () => {
    const state = aUser([expired('old'), aSession('other', { clientId: 'android' })])
    const { events, result } = decide(state, aStart('new', 'ios', ONE), NOW)
    expect(result).toEqual({ tag: 'started', sessionId: 'new', replaced: [], isNoticeDue: false })
    expect(events).toMatchObject([
      { type: 'session.ended', sessionId: 'old', reason: 'expired', by: { kind: 'system' } },
      { type: 'session.created' },
    ])
    const after = apply(state, events)
    const next = decide(after, aStart('newer', 'ios', NO_LIMIT), NOW)
    expect(next.events.map(event => event.type)).toEqual(['session.created'])
  })

  test('SE-05: takes no place under a rule that refuses', () => {
    expect(decide(aUser([expired('old')]), aStart('new', 'ios', REFUSE), NOW).result).toMatchObject({
      tag: 'started',
    })
  })

  test('SE-05: is live until the second before its expiry', () => {
    const state = aUser([aSession('old', { expiresAt: NOW + 1 })])
    expect(decide(state, aStart('new', 'ios', REFUSE), NOW).result).toMatchObject({ tag: 'refused' })
  })

  test('SE-05: is ended as expired by a change that ends others, and by one that disables', () => {
    const state = aUser([expired('old'), aSession('a')])
    const end = {
      type: 'end_sessions',
      opId: 'op',
      selection: { kind: 'all', includeApps: true },
      reason: 'ended_by_operator',
      by: { kind: 'operator' },
    } as const
    expect(decide(state, end, NOW).events).toMatchObject([
      { sessionId: 'old', reason: 'expired' },
      { sessionId: 'a', reason: 'ended_by_operator' },
    ])
    expect(decide(state, { type: 'set_disabled', opId: 'op', disabled: true }, NOW).events).toMatchObject([
      { sessionId: 'old', reason: 'expired' },
      { sessionId: 'a', reason: 'user_disabled' },
      { type: 'user.disabled' },
    ])
  })
})

describe('SE-03: the former session of this browser', () => {
  test('SE-03: is replaced, though the rule has room', () => {
    const state = aUser([aSession('former'), aSession('other', { createdSeq: 2 })])
    const { events, result } = decide(
      state,
      aStart('new', 'ios', NO_LIMIT, { formerSessionId: 'former' }),
      NOW,
    )
    expect(result).toMatchObject({ tag: 'started', replaced: ['former'] })
    expect(liveIds(apply(state, events))).toEqual(['other', 'new'])
  })

  test('SE-03: gives its place to the new one under a rule that refuses', () => {
    const start = aStart('new', 'ios', REFUSE, { formerSessionId: 'former' })
    expect(decide(aUser([aSession('former')]), start, NOW).result).toMatchObject({ replaced: ['former'] })
  })

  test.each(['expired', 'unknown'])('SE-03: is not replaced when it is %s', formerSessionId => {
    const state = aUser([expired('expired'), aSession('other', { clientId: 'android' })])
    const start = aStart('new', 'ios', NO_LIMIT, { formerSessionId })
    expect(decide(state, start, NOW).result).toMatchObject({ tag: 'started', replaced: [] })
  })
})

describe('who may sign in', () => {
  const disabled = {
    ...aUser(),
    user: {
      email: 'ann@x.test',
      disabledAt: NOW - 5,
      preferences: DEFAULT_PREFERENCES,
      asksForCode: false,
    },
  }

  test('SE-13: a disabled user is refused, with one event that spends the sign-in', () => {
    const { events, result } = decide(disabled, aStart('new', 'ios', NO_LIMIT), NOW)
    expect(result).toEqual({ tag: 'refused', why: 'user_disabled' })
    expect(events).toMatchObject([{ type: 'sign_in.refused', reason: 'user_disabled', opId: 'op:new' }])
  })

  test('SE-13: a user who is enabled again can sign in', () => {
    const { events } = decide(disabled, { type: 'set_disabled', opId: 'op', disabled: false }, NOW)
    const state = apply(disabled, events)
    expect(decide(state, aStart('new', 'ios', NO_LIMIT), NOW).result).toMatchObject({ tag: 'started' })
  })

  test('I3: a sign-in that the rule refuses spends its link with one event, and begins and ends nothing', () => {
    const state = aUser([aSession('a')])
    const { events, result } = decide(state, aStart('new', 'ios', REFUSE), NOW)
    expect(result).toEqual({ tag: 'refused', why: 'session_limit_reached' })
    expect(events).toMatchObject([{ type: 'sign_in.refused', clientId: 'ios', opId: 'op:new' }])
    expect(liveIds(apply(state, events))).toEqual(['a'])
  })

  test('the first sign-in of an address makes its user, with sequence number 1', () => {
    const nobody = { userId: 'u_1', user: null, sessions: [], consents: [], lastSeq: 0, traces: [] }
    const start = aStart('new', 'ios', ONE, { newUser: { email: 'ann@x.test' } })
    expect(decide(nobody, start, NOW).events).toMatchObject([
      { seq: 1, type: 'session.created', newUser: { email: 'ann@x.test' } },
    ])
  })

  test('a user who came to be meanwhile is not made twice', () => {
    const start = aStart('new', 'ios', ONE, { newUser: { email: 'ann@x.test' } })
    expect(decide(aUser([aSession('a')]), start, NOW).events.at(-1)).toMatchObject({ newUser: null })
  })

  test('SE-13: a user who was deleted meanwhile is not made again without an address', () => {
    const nobody = { userId: 'u_1', user: null, sessions: [], consents: [], lastSeq: 0, traces: [] }
    expect(decide(nobody, aStart('new', 'ios', ONE), NOW)).toEqual({
      events: [],
      result: { tag: 'no_such_user' },
    })
  })

  test('SE-06: a new session has its idle and its absolute limit', () => {
    expect(decide(aUser(), aStart('new', 'ios', ONE), NOW).events).toMatchObject([
      { expiresAt: NOW + SESSION_IDLE_SECONDS, absoluteExpiresAt: NOW + SESSION_ABSOLUTE_SECONDS },
    ])
  })
})
