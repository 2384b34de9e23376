import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Command, UserState } from '../../src/domain/commands.ts'
import { type Decision, decide } from '../../src/domain/decide.ts'
import type { UserEvent } from '../../src/domain/events.ts'
import { changedPreferences, samePreferences } from '../../src/domain/preferences.ts'
import type { SessionRule } from '../../src/domain/rule.ts'
import type { Session } from '../../src/domain/session.ts'
import { anyUser, apply, liveIds, NOW } from './model.ts'
import { anyStep, pick, touched } from './steps.ts'

interface Turn {
  readonly command: Command
  readonly decision: Decision<{ tag: string }>
}

/** Plays the steps from a random user on, and looks at every decision. */
function play(
  look: (
    before: UserState,
    command: Command,
    decision: Decision<{ tag: string }>,
    now: number,
    past: readonly Turn[],
  ) => void,
) {
  fc.assert(
    fc.property(anyUser, fc.array(anyStep, { maxLength: 25 }), (start, steps) => {
      let state = start
      let now = NOW
      const past: Turn[] = []
      for (const [index, step] of steps.entries()) {
        now += step.wait
        state = touched(state, pick(state, step.touch), now)
        const command = step.command(state, String(index))
        const decision = decide(state, command, now)
        look(state, command, decision, now, past)
        past.push({ command, decision })
        state = apply(state, decision.events)
      }
    }),
    { numRuns: 200 },
  )
}

/** Who is left after a sign-in, worked out the slow way: one leaves after the other until there is room. */
function expectedAfterStart(state: UserState, command: Command & { type: 'start_session' }, now: number) {
  const { one_device, one_session_per_client } = state.user?.preferences ?? {}
  let left = state.sessions.filter(
    session => session.expiresAt > now && session.id !== command.formerSessionId,
  )
  // The client's own rule first: no preference opens a door that it has shut.
  const before = left.filter(session => session.clientId === command.session.clientId)
  if (command.rule.at_limit === 'refuse' && before.length >= (command.rule.limit ?? Infinity)) return null
  if (one_device && command.session.clientKind === 'first_party')
    left = left.filter(session => session.clientKind !== 'first_party')
  const { limit, atLimit } = tightened(command.rule, one_session_per_client ?? false)
  const here = () => left.filter(session => session.clientId === command.session.clientId)
  while (here().length >= limit) {
    const age = (session: Session) => (atLimit === 'replace_oldest' ? session.createdSeq : session.lastSeenAt)
    const next = here().reduce((a, b) =>
      age(b) < age(a) || (age(b) === age(a) && b.createdSeq < a.createdSeq) ? b : a,
    )
    left = left.filter(session => session !== next)
  }
  return new Set([...left.map(session => session.id), command.session.id])
}

function tightened(rule: SessionRule, one: boolean) {
  const own = rule.limit ?? 100
  const isTighter = one && own > 1
  const oldest = rule.at_limit === 'replace_oldest' && rule.limit !== null && !isTighter
  return { limit: isTighter ? 1 : own, atLimit: oldest ? 'replace_oldest' : 'replace_least_recent' }
}

test('I2: a sign-in leaves exactly whom the rule leaves, never more than its limit', () => {
  play((state, command, { events, result }, now) => {
    if (command.type !== 'start_session' || state.user?.disabledAt !== null) return
    if (result.tag === 'code_required') return
    const expected = expectedAfterStart(state, command, now)
    if (expected === null) return expect(result).toMatchObject({ tag: 'refused' })
    const after = apply(state, events)
    expect(new Set(liveIds(after, now))).toEqual(expected)
    const onClient = after.sessions.filter(session => session.clientId === command.session.clientId)
    expect(onClient.length).toBeLessThanOrEqual(command.rule.limit ?? 100)
  })
})

test('I8: the log has no gap, and one event for each sign-in, end and change', () => {
  play((state, command, { events, result }) => {
    expect(events.map(event => event.seq)).toEqual(events.map((_, index) => state.lastSeq + 1 + index))
    const before = new Set(state.sessions.map(session => session.id))
    const after = new Set(apply(state, events).sessions.map(session => session.id))
    const gone = [...before].filter(id => !after.has(id))
    expect(endedIds(events).sort()).toEqual(gone.sort())
    const count = (type: UserEvent['type']) => events.filter(event => event.type === type).length
    const isStart = command.type === 'start_session'
    expect(count('session.created')).toBe(isStart && result.tag === 'started' ? 1 : 0)
    expect(count('sign_in.refused')).toBe(isStart && result.tag === 'refused' ? 1 : 0)
    expect(count('preference.changed')).toBe(
      command.type === 'set_preferences' &&
        result.tag === 'changed' &&
        state.user !== null &&
        !samePreferences(
          state.user.preferences,
          changedPreferences(state.user.preferences, command.preferences),
        )
        ? 1
        : 0,
    )
  })
})

test('I8: the opId stands on the cause alone, which is last and knows where its change begins', () => {
  play((_, command, { events }) => {
    const cause = events.at(-1)
    if (cause === undefined) return
    expect(cause).toMatchObject({ opId: command.opId, firstSeq: events[0]?.seq })
    for (const event of events.slice(0, -1)) expect(event).toMatchObject({ opId: null, firstSeq: null })
  })
})

test('SE-05: what has expired is ended as expired, and never as anything else', () => {
  play((state, _, { events }, now) => {
    const expired = state.sessions.filter(session => session.expiresAt <= now).map(session => session.id)
    const ended = events.filter(event => event.type === 'session.ended')
    for (const event of ended) expect(event.reason === 'expired').toBe(expired.includes(event.sessionId))
  })
})

test('ML-16: once a session is disowned no link signs anybody in until a code has, and what a session derives goes on', () => {
  let refusals = 0
  play((state, command, decision, _, past) => {
    if (command.type !== 'start_session' || state.user?.disabledAt !== null) return
    const disowned = past.findLastIndex(({ decision: { events } }) =>
      events.some(event => event.type === 'session.ended' && event.reason === 'not_me'),
    )
    const signedIn = past.findLastIndex(
      ({ command: each, decision: { result } }) => isMailbox(each) && result.tag === 'started',
    )
    const isByLink = isMailbox(command) && command.session.signedInWith.includes('email_link')
    const isRefused = decision.result.tag === 'code_required'
    expect(isRefused).toBe(disowned > signedIn && isByLink)
    if (isRefused) expect(decision.events).toEqual([])
    refusals += Number(isRefused)
  })
  expect(refusals).toBeGreaterThan(0)
})

const isMailbox = (command: Command): boolean => command.type === 'start_session' && command.address !== null

const endedIds = (events: readonly UserEvent[]): string[] =>
  events.flatMap(event => (event.type === 'session.ended' ? [event.sessionId] : []))
