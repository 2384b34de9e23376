import { describe, expect, test } from 'vitest'
import type { DeleteAccount } from '../../src/domain/commands.ts'
import { decide } from '../../src/domain/decide.ts'
import { apply, aSession, aUser, NOW } from './model.ts'

const notice = { id: 'm_1', sealed: 'x', expiresAt: NOW + 60, leasedUntil: NOW + 30 }
const deletion = (changes: Partial<DeleteAccount> = {}): DeleteAccount => ({
  type: 'delete_account',
  opId: 'op_1',
  reason: 'ended_by_user',
  by: { kind: 'session', session_id: 'a' },
  notice,
  ...changes,
})

describe('SE-13: deleting the account', () => {
  test('SE-13: ends every session by whoever deletes, and closes the log', () => {
    const state = aUser([
      aSession('a'),
      aSession('b', { clientKind: 'third_party' }),
      aSession('c', { expiresAt: NOW }),
    ])
    const { events, result } = decide(state, deletion(), NOW)
    expect(result).toEqual({ tag: 'changed' })
    expect(events.map(event => [event.type, 'reason' in event ? event.reason : null, event.by.kind])).toEqual(
      [
        ['session.ended', 'expired', 'system'],
        ['session.ended', 'ended_by_user', 'session'],
        ['session.ended', 'ended_by_user', 'session'],
        ['user.deleted', null, 'session'],
      ],
    )
    expect(events.at(-1)).toMatchObject({ opId: 'op_1', firstSeq: state.lastSeq + 1, notice })
    expect(apply(state, events)).toMatchObject({ user: null, sessions: [], consents: [] })
  })

  test('SE-13: whoever does it must be live when it is decided, and the user be there; an operator always is', () => {
    const state = aUser([aSession('a', { expiresAt: NOW }), aSession('b')])
    expect(decide(state, deletion(), NOW)).toEqual({ events: [], result: { tag: 'actor_gone' } })
    expect(decide({ ...state, user: null }, deletion(), NOW)).toEqual({
      events: [],
      result: { tag: 'no_such_user' },
    })
    const operator = deletion({ by: { kind: 'operator' }, reason: 'ended_by_operator', notice: null })
    expect(decide(aUser(), operator, NOW).events).toMatchObject([
      { type: 'user.deleted', opId: 'op_1', notice: null },
    ])
  })
})
