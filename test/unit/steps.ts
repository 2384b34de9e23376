// Random commands to a user's sessions, each made from the state that it meets.
import fc from 'fast-check'
import type { Command, UserState } from '../../src/domain/commands.ts'
import type { Actor } from '../../src/domain/events.ts'
import { aNewSession, anyRule, aStart, CLIENTS, kindOf } from './model.ts'

export interface Step {
  readonly wait: number
  readonly touch: number
  /** `name` makes the ids of this step its own. */
  readonly command: (state: UserState, name: string) => Command
}

const anyClient = fc.constantFrom(...CLIENTS)
export const pick = (state: UserState, index: number): string =>
  state.sessions[index % Math.max(1, state.sessions.length)]?.id ?? 'nobody'
const actor = (state: UserState, index: number): Actor =>
  index % 5 === 0 ? { kind: 'operator' } : { kind: 'session', session_id: pick(state, index) }
const preferences = fc.record(
  {
    one_session_per_client: fc.boolean(),
    one_device: fc.boolean(),
    notify: fc.constant({ new_sign_in: 'never' } as const),
  },
  { requiredKeys: [] },
)

const starting = fc
  .tuple(anyClient, anyRule, fc.nat(), fc.constantFrom('email_link', 'email_code', null))
  .map(([clientId, rule, former, proof]): Step['command'] => (state, name) => {
    const id = `n${name}`
    const signedInWith = [proof ?? 'email_link'] as const
    const session = { ...aNewSession(id, clientId, kindOf(clientId)), signedInWith }
    const address = proof === null ? null : (state.user?.email ?? null)
    const formerSessionId = former % 3 ? null : pick(state, former)
    return aStart(id, clientId, rule, { session, address, formerSessionId, marks: [`m${former % 4}`] })
  })
const ending = fc
  .tuple(
    fc.constantFrom('one', 'others', 'all', 'client'),
    fc.option(anyClient, { nil: null }),
    fc.nat(),
    fc.nat(),
  )
  .map(([kind, clientId, target, by]): Step['command'] => (state, name) => ({
    type: 'end_sessions',
    opId: `end${name}`,
    reason: target % 4 ? 'ended_by_user' : 'not_me',
    by: actor(state, by),
    selection: {
      one: { kind: 'one', sessionId: pick(state, target) } as const,
      others: { kind: 'others', clientId } as const,
      all: { kind: 'all', includeApps: target % 2 === 0 } as const,
      client: { kind: 'client', clientId: clientId ?? 'ios' } as const,
    }[kind],
  }))
const changing = fc.oneof(
  fc.tuple(preferences, fc.nat()).map(([chosen, by]): Step['command'] => (state, name) => ({
    type: 'set_preferences',
    opId: `pref${name}`,
    preferences: chosen,
    by: actor(state, by),
  })),
  fc.boolean().map((disabled): Step['command'] => (_, name) => ({
    type: 'set_disabled',
    opId: `dis${name}`,
    disabled,
  })),
)
/** Sign-ins, ends and changes of an account, in a world where time passes and sessions are used. */
export const anyStep: fc.Arbitrary<Step> = fc.record({
  wait: fc.integer({ min: 0, max: 4 }),
  touch: fc.nat(),
  command: fc.oneof({ weight: 6, arbitrary: starting }, { weight: 3, arbitrary: ending }, changing),
})

/** The session as it is after it was used. */
export const touched = (state: UserState, id: string, now: number): UserState => ({
  ...state,
  sessions: state.sessions.map(session => (session.id === id ? { ...session, lastSeenAt: now } : session)),
})
