import { describe, expect, test } from 'vitest'
import type { StartSession, UserState } from '../../src/domain/commands.ts'
import { decide } from '../../src/domain/decide.ts'
import type { EndReason } from '../../src/domain/events.ts'
import type { SessionRule } from '../../src/domain/rule.ts'
import { aNewSession, apply, aSession, aStart, aUser, NOW } from './model.ts'

const ONE: SessionRule = { limit: 1, at_limit: 'replace_oldest' }
const REFUSE: SessionRule = { limit: 1, at_limit: 'refuse' }
const NO_LIMIT: SessionRule = { limit: null, at_limit: 'replace_oldest' }

describe('ML-16: a user who has disowned a session', () => {
  const BY_LINK = { address: 'ann@x.test' } as const
  const BY_CODE = {
    ...BY_LINK,
    session: { ...aNewSession('new', 'ios'), signedInWith: ['email_code'] },
  } as const
  const disown = (state: UserState, sessionId: string, reason: EndReason = 'not_me') => {
    const selection = { kind: 'one', sessionId } as const
    const end = { type: 'end_sessions', opId: `op:${sessionId}`, selection, reason } as const
    return apply(state, decide(state, { ...end, by: { kind: 'notice' } }, NOW).events)
  }
  const sessions = [aSession('a'), aSession('b', { createdSeq: 2 })]
  const disowned = disown(aUser(sessions), 'a')
  const started = (state: UserState, changes: Partial<StartSession>) =>
    decide(state, aStart('new', 'ios', NO_LIMIT, changes), NOW)

  test('ML-16: is not signed in by a link, with no event, whatever the rule would say', () => {
    for (const rule of [NO_LIMIT, ONE, REFUSE]) {
      expect(decide(disowned, aStart('new', 'ios', rule, BY_LINK), NOW)).toEqual({
        events: [],
        result: { tag: 'code_required' },
      })
    }
  })

  test('ML-16: is signed in by a code, once; then a link is enough again', () => {
    const { events, result } = started(disowned, BY_CODE)
    expect(result).toMatchObject({ tag: 'started' })
    expect(events.at(-1)).toMatchObject({ type: 'session.created', answersCode: true })
    const after = apply(disowned, events)
    const next = decide(after, aStart('next', 'ios', NO_LIMIT, BY_LINK), NOW)
    expect(next.events.at(-1)).toMatchObject({ type: 'session.created', answersCode: false })
    const again = disown(after, 'b')
    expect(started(again, BY_LINK).result).toEqual({ tag: 'code_required' })
  })

  test('ML-16: grants to clients from a session that stays, and these answer for nothing', () => {
    const { events } = started(disowned, { address: null, authorizedIn: 'b' })
    expect(events.at(-1)).toMatchObject({ type: 'session.created', answersCode: false })
    expect(started(apply(disowned, events), BY_LINK).result).toEqual({ tag: 'code_required' })
  })

  test('ML-16: learns first that the address is no longer theirs, or that the account is disabled', () => {
    expect(started(disowned, { address: 'eve@x.test' }).result).toEqual({ tag: 'address_moved' })
    const { events } = decide(disowned, { type: 'set_disabled', opId: 'op', disabled: true }, NOW)
    expect(started(apply(disowned, events), BY_LINK).result).toMatchObject({ why: 'user_disabled' })
  })

  test.each(['ended_by_user', 'signed_out', 'ended_by_operator'] as const)(
    'ML-16: no other end asks for a code: %s',
    reason => {
      const { result } = started(disown(aUser(sessions), 'a', reason), BY_LINK)
      expect(result).toMatchObject({ tag: 'started' })
    },
  )
})
