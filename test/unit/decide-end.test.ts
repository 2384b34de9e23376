import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EndSessions, SessionSelection } from '../../src/domain/commands.ts'
import { decide } from '../../src/domain/decide.ts'
import type { Actor } from '../../src/domain/events.ts'
import { DEFAULT_PREFERENCES } from '../../src/domain/preferences.ts'
import { anyUser, apply, aSession, aUser, CLIENTS, liveIds, NOW } from './model.ts'

const OPERATOR: Actor = { kind: 'operator' }
const bySession = (id: string): Actor => ({ kind: 'session', session_id: id })
const end = (selection: SessionSelection, by: Actor): EndSessions => ({
  type: 'end_sessions',
  opId: 'op',
  selection,
  reason: 'ended_by_user',
  by,
})
const photos = (id: string) => aSession(id, { clientId: 'photos', clientKind: 'third_party' })
const android = (id: string) => aSession(id, { clientId: 'android' })

describe('SE-09: end all others', () => {
  const scope = fc.option(fc.constantFrom(...CLIENTS), { nil: null })

  test('SE-09: ends exactly the other sessions of this client, and reports them', () => {
    fc.assert(
      fc.property(anyUser, fc.nat(), scope, (state, pick, clientId) => {
        const live = state.sessions.filter(session => session.expiresAt > NOW)
        const caller = live[pick % Math.max(1, live.length)]
        fc.pre(caller !== undefined)
        const expected = new Set<string>()
        for (const session of live) {
          if (session.id === caller.id) continue
          if (clientId === null || session.clientId === clientId) expected.add(session.id)
        }
        const { events, result } = decide(state, end({ kind: 'others', clientId }, bySession(caller.id)), NOW)
        expect(result.tag).toBe('ended')
        const reported = result.tag === 'ended' ? result.sessions : []
        expect(reported).toHaveLength(expected.size)
        expect(new Set(reported)).toEqual(expected)
        const survivors = live.map(session => session.id).filter(id => !expected.has(id))
        expect(liveIds(apply(state, events))).toEqual(survivors)
        expect(survivors).toContain(caller.id)
      }),
    )
  })

  test('SE-09: the caller survives also when others of another client are ended', () => {
    const state = aUser([aSession('me'), aSession('mine too'), android('a'), android('b')])
    const { result } = decide(state, end({ kind: 'others', clientId: 'android' }, bySession('me')), NOW)
    expect(result).toEqual({ tag: 'ended', sessions: ['a', 'b'] })
  })

  test('SE-09: "*" ends those of every client, third-party apps too', () => {
    const state = aUser([aSession('me'), aSession('twin'), android('a'), photos('p')])
    const { result } = decide(state, end({ kind: 'others', clientId: null }, bySession('me')), NOW)
    expect(result).toEqual({ tag: 'ended', sessions: ['twin', 'a', 'p'] })
  })

  test('SE-09: with nothing to end, nothing is written and nothing is reported', () => {
    const { events, result } = decide(
      aUser([aSession('me')]),
      end({ kind: 'others', clientId: 'ios' }, bySession('me')),
      NOW,
    )
    expect({ events, result }).toEqual({ events: [], result: { tag: 'ended', sessions: [] } })
  })
})

describe('SE-11: what can be ended', () => {
  const state = aUser([aSession('me'), aSession('twin'), android('a'), photos('p')])
  const rows: [string, SessionSelection, Actor, string[]][] = [
    ['one', { kind: 'one', sessionId: 'a' }, bySession('me'), ['a']],
    ['oneself', { kind: 'one', sessionId: 'me' }, bySession('me'), ['me']],
    ['everywhere, apps stay', { kind: 'all', includeApps: false }, bySession('me'), ['me', 'twin', 'a']],
    ['everywhere, apps too', { kind: 'all', includeApps: true }, bySession('me'), ['me', 'twin', 'a', 'p']],
    [
      'everywhere, asked by an app',
      { kind: 'all', includeApps: false },
      bySession('p'),
      ['me', 'twin', 'a', 'p'],
    ],
    ['all of a client, by an operator', { kind: 'client', clientId: 'ios' }, OPERATOR, ['me', 'twin']],
    ['all of a client, by one of them', { kind: 'client', clientId: 'ios' }, bySession('me'), ['me', 'twin']],
    ['all of a client nobody uses', { kind: 'client', clientId: 'tv' }, OPERATOR, []],
    ['everything, by an operator', { kind: 'all', includeApps: true }, OPERATOR, ['me', 'twin', 'a', 'p']],
  ]
  test.each(rows)('SE-11: %s', (_, selection, by, ids) => {
    const { events, result } = decide(state, end(selection, by), NOW)
    expect(result).toEqual({ tag: 'ended', sessions: ids })
    expect(events.map(event => event.type === 'session.ended' && event.sessionId)).toEqual(ids)
    expect(events.every(event => event.by === by && event.at === NOW)).toBe(true)
  })

  test('SE-11: an arrival: what began after the actor, never the actor or what was there before', () => {
    const inOrder = aUser(['first', 'second', 'third'].map((id, at) => aSession(id, { createdSeq: at + 1 })))
    const tagOf = (sessionId: string, by: Actor) =>
      decide(inOrder, end({ kind: 'arrival', sessionId }, by), NOW).result.tag
    expect(['first', 'second', 'third'].map(id => tagOf(id, bySession('second')))).toEqual([
      'not_found',
      'not_found',
      'ended',
    ])
    expect(tagOf('third', OPERATOR)).toBe('not_found')
  })

  test.each(['unknown', 'expired'])(
    'SE-12: a session that is %s is not found, and nothing is written',
    id => {
      const withExpired = aUser([aSession('me'), aSession('expired', { expiresAt: NOW })])
      const { events, result } = decide(
        withExpired,
        end({ kind: 'one', sessionId: id }, bySession('me')),
        NOW,
      )
      expect({ events, result }).toEqual({ events: [], result: { tag: 'not_found' } })
    },
  )
})

describe('I5: whoever ends sessions must be live when the change is decided', () => {
  test('I5: of two sessions that end each other, the second finds itself gone', () => {
    const state = aUser([aSession('left'), aSession('right')])
    const first = decide(state, end({ kind: 'one', sessionId: 'right' }, bySession('left')), NOW)
    expect(first.result).toEqual({ tag: 'ended', sessions: ['right'] })
    const after = apply(state, first.events)
    const second = decide(after, end({ kind: 'one', sessionId: 'left' }, bySession('right')), NOW)
    expect(second).toEqual({ events: [], result: { tag: 'actor_gone' } })
    expect(liveIds(after)).toEqual(['left'])
  })

  test('I5: of two that end all others at once, one survives', () => {
    const state = aUser([aSession('left'), aSession('right'), android('third')])
    const others = { kind: 'others', clientId: null } as const
    const after = apply(state, decide(state, end(others, bySession('right')), NOW).events)
    expect(decide(after, end(others, bySession('left')), NOW).result).toEqual({ tag: 'actor_gone' })
    expect(liveIds(after)).toEqual(['right'])
  })

  test('I5: an expired session ends nothing and changes no preference', () => {
    const state = aUser([aSession('late', { expiresAt: NOW }), aSession('other')])
    const by = bySession('late')
    expect(decide(state, end({ kind: 'others', clientId: 'ios' }, by), NOW).result).toEqual({
      tag: 'actor_gone',
    })
    const change = { type: 'set_preferences', opId: 'op', preferences: DEFAULT_PREFERENCES, by } as const
    expect(decide(state, change, NOW)).toEqual({ events: [], result: { tag: 'actor_gone' } })
  })
})

describe('SE-13: disabling', () => {
  test('SE-13: ends every session, apps too, and says so last', () => {
    const state = aUser([aSession('a'), photos('p')])
    const { events } = decide(state, { type: 'set_disabled', opId: 'op', disabled: true }, NOW)
    expect(events).toMatchObject([
      { type: 'session.ended', sessionId: 'a', reason: 'user_disabled', by: OPERATOR },
      { type: 'session.ended', sessionId: 'p', reason: 'user_disabled', by: OPERATOR },
      { type: 'user.disabled', by: OPERATOR, opId: 'op' },
    ])
    expect(apply(state, events)).toMatchObject({ sessions: [], user: { disabledAt: NOW } })
  })

  test('SE-13: a user who is disabled already, or enabled already, gets no second event', () => {
    const disabled = {
      ...aUser(),
      user: { email: 'ann@x.test', disabledAt: 5, preferences: DEFAULT_PREFERENCES, asksForCode: false },
    }
    const nothing = { events: [], result: { tag: 'changed' } }
    expect(decide(disabled, { type: 'set_disabled', opId: 'op', disabled: true }, NOW)).toEqual(nothing)
    expect(decide(aUser(), { type: 'set_disabled', opId: 'op', disabled: false }, NOW)).toEqual(nothing)
  })
})
