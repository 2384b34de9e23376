// The log as a fence: what keeps a user's history right when order does not, with no mutex or with two objects at once.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { EndSessions, StartSession } from '../../src/domain/commands.ts'
import { tagOf } from '../../src/domain/ids.ts'
import type { SessionRule } from '../../src/domain/rule.ts'
import { digest } from '../../src/tokens/digest.ts'
import { randomId, randomSecret, randomTaggedId } from '../../src/tokens/random.ts'
import type { UserVerbs } from '../../src/user/call.ts'
import { applyChange } from '../../src/user/change.ts'
import { loadState } from '../../src/user/state.ts'
import { createService, freshAddress, type Service } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedEvents } from './support/stored.ts'

const RULE: SessionRule = { limit: 1, at_limit: 'replace_oldest' }

async function startCommand(userId: string, opId = randomId('op'), rule = RULE): Promise<StartSession> {
  return {
    type: 'start_session',
    opId,
    rule,
    bucket: null,
    address: null,
    newUser: null,
    formerSessionId: null,
    authorizedIn: null,
    marks: [],
    notice: null,
    session: {
      id: randomTaggedId('s', tagOf(userId)),
      clientId: 'fenced',
      clientKind: 'first_party',
      scope: '',
      signedInWith: ['email_link'],
      startedIn: 'app',
      device: { name: null, kind: 'other', os: null, browser: null },
      place: { country: null, city: null },
      startedMs: 0,
      secretDigest: await digest('refresh-token', randomSecret()),
    },
  }
}

const endCommand = (sessionId: string): EndSessions => ({
  type: 'end_sessions',
  opId: randomId('op'),
  selection: { kind: 'one', sessionId },
  reason: 'ended_by_user',
  by: { kind: 'session', session_id: sessionId },
})

const disable = (disabled: boolean) =>
  ({ type: 'set_disabled', opId: randomId('op'), disabled, by: { kind: 'operator' } }) as const

async function existingUser(service: Service): Promise<string> {
  const { client_id } = await createClient(service)
  return (await signIn(service, client_id, freshAddress())).user_id
}

const userVerbs = (name: string) => env.USER_SESSIONS.getByName(name) as unknown as UserVerbs

/** Every acknowledged session has its place in the log, once; what was not acknowledged may or may not. */
async function checkAcknowledged(
  service: Service,
  userId: string,
  acknowledged: readonly string[],
  limit = 1,
) {
  const { events, live } = await checkHistory(service, userId, limit)
  const begun = eventsOfType(events, 'session.created').map(event => event.session_id)
  expect(begun).toEqual(expect.arrayContaining([...acknowledged]))
  return { begun, live }
}

describe('twenty changes of one user at once, without a mutex', () => {
  // Without a limit no other constraint is in the way: the log alone keeps the order.
  it.each([1, null])('I2: limit %s: the log is gapless, the rule holds, nothing is lost', async limit => {
    const service = createService()
    for (let round = 0; round < 3; round++) {
      const userId = await existingUser(service)
      const db = service.parts.shards.of(userId)
      const rule = { ...RULE, limit }
      const commands = await Promise.all(
        Array.from({ length: 20 }, () => startCommand(userId, randomId('op'), rule)),
      )
      const outcomes = await Promise.all(
        commands.map(
          async command =>
            (await applyChange(db, userId, command, service.now, service.parts.secrets)).outcome,
        ),
      )
      const tags = outcomes.map(outcome => outcome.tag)
      expect(tags.every(tag => tag === 'started' || tag === 'unavailable')).toBe(true)
      const acknowledged = outcomes.flatMap(outcome => (outcome.tag === 'started' ? [outcome.sessionId] : []))
      expect(acknowledged.length).toBeGreaterThanOrEqual(3)
      const { begun, live } = await checkAcknowledged(service, userId, acknowledged, limit ?? 100)
      expect(begun).toHaveLength(1 + acknowledged.length)
      expect(live).toHaveLength(limit === null ? begun.length : 2)
    }
  })
})

describe('two objects of one user', () => {
  it('I1: a second instance beside the first: no acknowledged sign-in is lost, no acknowledged end is undone', async () => {
    const service = createService()
    const userId = await existingUser(service)
    const instances = [userVerbs(userId), userVerbs(`${userId}:second`)] as const
    const acknowledged: string[] = []
    const ended: string[] = []
    const work = async (instance: UserVerbs, index: number) => {
      const command = await startCommand(userId)
      const started = await instance.startSession(userId, command, service.now)
      if (started.tag !== 'started') return expect(started.tag).toBe('unavailable')
      acknowledged.push(started.sessionId)
      if (index % 2 === 0) return
      const result = await instance.endSessions(userId, endCommand(started.sessionId), service.now)
      if (result.tag === 'ended') ended.push(...result.sessions)
    }
    const both = Array.from({ length: 24 }, (_, index) => work(instances[index % 2] as UserVerbs, index >> 1))
    await Promise.all(both)
    expect(acknowledged.length).toBeGreaterThanOrEqual(12)
    const { live } = await checkAcknowledged(service, userId, acknowledged)
    expect(ended.filter(sessionId => live.includes(sessionId))).toEqual([])
  })

  it('I3: one operation given to both has one effect, and both are told the same', async () => {
    const service = createService()
    for (let round = 0; round < 10; round++) {
      const userId = await existingUser(service)
      const command = await startCommand(userId)
      const [one, other] = await Promise.all([
        userVerbs(userId).startSession(userId, command, service.now),
        userVerbs(`${userId}:second`).startSession(userId, command, service.now),
      ])
      expect(told(one)).toEqual(told(other))
      expect(one.tag).toBe('started')
      const { begun } = await checkAcknowledged(service, userId, [command.session.id])
      expect(begun).toHaveLength(2)
    }
  })
})

describe('a view that was read before the object was called', () => {
  it('I2, CF-06: decides nothing when it is old: neither what begins, nor what is refused, nor what it replaces', async () => {
    const service = createService()
    const userId = await existingUser(service)
    const db = service.parts.shards.of(userId)
    const view = await loadState(db, userId)
    const first = await startCommand(userId)
    const start = async (command: StartSession, name: string) =>
      told(await userVerbs(name).startSession(userId, command, service.now, view))
    expect(await start(first, userId)).toMatchObject({ tag: 'started', replaced: [] })
    // Of another instance, which does not know what the first has written.
    const second = await startCommand(userId)
    expect(await start(second, `${userId}:second`)).toMatchObject({
      tag: 'started',
      replaced: [first.session.id],
    })
    await userVerbs(userId).changeAccount(userId, disable(true), service.now)
    expect(await start(await startCommand(userId), `${userId}:third`)).toMatchObject({ tag: 'refused' })
    const { live } = await checkHistory(service, userId, 2)
    expect(live).toEqual([])
    // A view of a user who was disabled then, and is not now.
    const disabled = await loadState(db, userId)
    await userVerbs(userId).changeAccount(userId, disable(false), service.now)
    const again = await startCommand(userId)
    expect(
      told(await userVerbs(`${userId}:fourth`).startSession(userId, again, service.now, disabled)),
    ).toMatchObject({ tag: 'started' })
  })

  it('I4: that does not show yet what is to end, nor who ends it, is read again', async () => {
    const service = createService()
    const userId = await existingUser(service)
    const view = await loadState(service.parts.shards.of(userId), userId)
    const begun = await startCommand(userId)
    const { session } = begun
    await userVerbs(userId).startSession(userId, begun, service.now)
    const command: EndSessions = {
      type: 'end_sessions',
      opId: randomId('op'),
      selection: { kind: 'one', sessionId: session.id },
      reason: 'signed_out',
      by: { kind: 'session', session_id: session.id },
    }
    const ended = await userVerbs(`${userId}:second`).endSessions(userId, command, service.now, view)
    expect(told(ended)).toMatchObject({ tag: 'ended', sessions: [session.id] })
    expect((await checkHistory(service, userId)).live).not.toContain(session.id)
  })
})

/** An answer, whether or not it is a repetition. */
const told = <Answer extends object>(answer: Answer) => ({ ...answer, report: null })

describe('the same operation again', () => {
  it('CF-05: a start repeated any time later is answered as the first time and changes nothing', async () => {
    const service = createService()
    const userId = await existingUser(service)
    const user = userVerbs(userId)
    const command = await startCommand(userId, 'sign-in:once', { limit: 2, at_limit: 'replace_oldest' })
    const first = await user.startSession(userId, command, service.now)
    const between = await startCommand(userId)
    await user.startSession(userId, between, service.now)
    const events = await storedEvents(service, userId)
    expect(told(await user.startSession(userId, command, service.now))).toEqual(told(first))
    expect(await storedEvents(service, userId)).toEqual(events)
    // The session had been replaced meanwhile: the repetition does not bring it back.
    const { live } = await checkHistory(service, userId, 2)
    expect(live).toContain(between.session.id)
    expect(live).not.toContain(command.session.id)

    const other = { ...(await startCommand(userId, 'sign-in:once')), rule: command.rule }
    expect(await user.startSession(userId, other, service.now)).toMatchObject({ tag: 'spent' })
    expect(await storedEvents(service, userId)).toEqual(events)
  })

  it('CF-05: an end repeated after a new sign-in ends nothing more', async () => {
    const service = createService()
    const userId = await existingUser(service)
    const user = userVerbs(userId)
    const end: EndSessions = {
      type: 'end_sessions',
      opId: 'end:all',
      selection: { kind: 'all', includeApps: true },
      reason: 'ended_by_operator',
      by: { kind: 'operator' },
    }
    const first = await user.endSessions(userId, end, service.now)
    expect(first.tag === 'ended' && first.sessions.length).toBe(1)
    const command = await startCommand(userId)
    await user.startSession(userId, command, service.now)
    expect(told(await user.endSessions(userId, end, service.now))).toEqual(told(first))
    expect((await checkHistory(service, userId, 1)).live).toEqual([command.session.id])
  })
})
