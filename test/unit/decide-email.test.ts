import { describe, expect, test } from 'vitest'
import type { ChangeEmail } from '../../src/domain/commands.ts'
import { decide } from '../../src/domain/decide.ts'
import { isRecent } from '../../src/domain/session.ts'
import { apply, aSession, aStart, aUser, NOW } from './model.ts'

const RULE = { limit: null, at_limit: 'replace_oldest' } as const
const notice = { id: 'm_1', sealed: 'x', expiresAt: NOW + 60, leasedUntil: NOW + 30 }
const change = (sessionId: string): ChangeEmail => ({
  type: 'change_email',
  opId: 'e_1',
  email: 'new@x.test',
  by: { kind: 'session', session_id: sessionId },
  notice,
})

describe('ML-17: changing the address', () => {
  test('ML-17: is one event, and ends nothing', () => {
    const state = aUser([aSession('a'), aSession('b')])
    const { events, result } = decide(state, change('a'), NOW)
    expect(result).toEqual({ tag: 'changed' })
    expect(events).toEqual([
      {
        type: 'email.changed',
        seq: state.lastSeq + 1,
        firstSeq: state.lastSeq + 1,
        opId: 'e_1',
        at: NOW,
        by: { kind: 'session', session_id: 'a' },
        email: 'new@x.test',
        notice,
      },
    ])
    expect(apply(state, events)).toMatchObject({ user: { email: 'new@x.test' }, sessions: state.sessions })
  })

  test('ML-17: whoever does it must be live when it is decided, and the user be there', () => {
    const state = aUser([aSession('old', { expiresAt: NOW }), aSession('a')])
    for (const id of ['old', 'nobody']) {
      expect(decide(state, change(id), NOW)).toEqual({ events: [], result: { tag: 'actor_gone' } })
    }
    expect(decide({ ...state, user: null }, change('a'), NOW).result).toEqual({ tag: 'no_such_user' })
  })

  test('ML-17: a sign-in proves an address, and begins a session only for the user who has it now', () => {
    const state = aUser([aSession('a')])
    const begin = (address: string | null) => decide(state, aStart('new', 'ios', RULE, { address }), NOW)
    expect(begin('former@x.test')).toEqual({ events: [], result: { tag: 'address_moved' } })
    expect(begin(state.user?.email ?? '').result).toMatchObject({ tag: 'started' })
    expect(begin(null).result).toMatchObject({ tag: 'started' })
    // Also where a refusal would be written to the log: it is not this user's sign-in.
    const disabled = { ...state, user: state.user && { ...state.user, disabledAt: 1 } }
    const { events } = decide(disabled, aStart('new', 'ios', RULE, { address: 'former@x.test' }), NOW)
    expect(events).toEqual([])
  })

  test('ML-17: a sign-in is recent for ten minutes, to the second', () => {
    const recent = (ago: number) => isRecent({ createdAt: NOW - ago }, NOW)
    expect([recent(0), recent(600), recent(601)]).toEqual([true, true, false])
  })
})
