// Storage that fails, around a change: nothing is acknowledged that did not happen, nothing happens twice.
import { abortAllDurableObjects, evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { applyChange } from '../../src/user/change.ts'
import { captureLogs } from './support/canaries.ts'
import {
  changeEnv,
  DATABASES,
  databases,
  type Intercept,
  namespaceOf,
  objectsSeenThrough,
  seenThrough,
} from './support/intercept.ts'
import { countOf, requestLinks, type Seeded, seedSessions, statusesOf } from './support/many.ts'
import { bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, redeem, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedUsers } from './support/stored.ts'

type Fault = 'before' | 'after' | 'none'

/** A service whose objects' databases fail as told: write by write; `dark` fails every call from then on. */
function faultyService() {
  const plan = { writes: [] as Fault[], darkAfterWrite: false, isDark: false, tries: 0 }
  const service = createService({
    USER_SESSIONS: objectsSeenThrough(async (sql, run) => {
      if (plan.isDark) throw new Error('D1_ERROR: Network connection lost.')
      if (!sql.some(each => each.startsWith('INSERT INTO user_events'))) return run()
      plan.tries += 1
      const fault = plan.writes.shift() ?? 'none'
      if (fault === 'before') throw new Error('D1_ERROR: Network connection lost.')
      const results = await run()
      plan.isDark = plan.darkAfterWrite
      if (fault === 'after') throw new Error('D1_ERROR: Network connection lost.')
      return results
    }),
  })
  return { service, plan }
}

/** Users’ objects whose first answers are lost. */
function lost(times: number, error: () => unknown) {
  const calls = { made: 0 }
  const users = namespaceOf(async (_, verb, args) => {
    calls.made += 1
    const result = await verb(...args)
    if (calls.made <= times) throw error()
    return result
  })
  return { calls, users }
}

const whoami = (service: Service, tokens: Tokens) =>
  service.request('/ping/whoami', bearer(tokens.access_token))

function expectRetry(response: Response): void {
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
}

describe('a sign-in while storage fails', () => {
  it.each<[string, Fault[], number]>([
    ['the answer to the commit is lost', ['after'], 1],
    ['the first attempt fails before the commit', ['before'], 2],
    ['two attempts fail before the commit', ['before', 'before'], 3],
    ['one fails before, and the answer to the other is lost', ['before', 'after'], 2],
    ['the answer to the last attempt is lost', ['before', 'before', 'after'], 3],
  ])('CF-05: %s: one session, and success is reported', async (_, writes, tries) => {
    const { service, plan } = faultyService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const attempt = await requestLink(service, client_id, email)
    plan.writes = writes
    const response = await redeem(service, attempt)
    expect(response.status).toBe(200)
    expect(plan.tries).toBe(tries)
    const tokens = await response.json<Tokens>()
    expect((await whoami(service, tokens)).status).toBe(200)
    expect(await storedUsers(service, email)).toEqual([tokens.user_id])
    const { events, live } = await checkHistory(service, tokens.user_id, 1)
    expect([events.length, live.length]).toEqual([1, 1])
  })

  it('CF-05: when every attempt fails it is 503, nothing is there, and the link is not spent', async () => {
    const { service, plan } = faultyService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const attempt = await requestLink(service, client_id, email)
    plan.writes = ['before', 'before', 'before']
    expectRetry(await redeem(service, attempt))
    expect([plan.tries, await storedUsers(service, email)]).toEqual([3, []])
    const response = await redeem(service, attempt)
    expect(response.status).toBe(200)
    const { live } = await checkHistory(service, (await response.json<Tokens>()).user_id, 1)
    expect(live).toHaveLength(1)
  })

  it('CF-05: a commit of which nothing can be learned is 503; the retry has no second effect', async () => {
    const { service, plan } = faultyService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const attempt = await requestLink(service, client_id, email)
    plan.writes = ['after']
    plan.darkAfterWrite = true
    expectRetry(await redeem(service, attempt))
    plan.isDark = false
    expect(await (await redeem(service, attempt)).json()).toMatchObject({ error: 'invalid_grant' })
    const [userId] = await storedUsers(service, email)
    const { events, live } = await checkHistory(service, userId as string, 1)
    expect([events.length, live.length]).toEqual([1, 1])
  })

  it('CF-04: a replacing sign-in whose commit fails leaves the former session as it was', async () => {
    const { service, plan } = faultyService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const former = await signIn(service, client_id, email)
    const attempt = await requestLink(service, client_id, email)
    plan.writes = ['before', 'before', 'before']
    expectRetry(await redeem(service, attempt))
    expect((await whoami(service, former)).status).toBe(200)
    expect((await checkHistory(service, former.user_id, 1)).events).toHaveLength(1)
    expect((await redeem(service, attempt)).status).toBe(200)
    expect((await whoami(service, former)).status).toBe(401)
  })
})

describe('an end while storage fails', () => {
  const end = (service: Service, session: Seeded, path: string, method = 'POST') =>
    service.request(path, bearer(session.access_token, { method }))

  it.each<[string, Fault[]]>([
    ['the answer to the commit is lost', ['after']],
    ['one attempt fails before the commit', ['before']],
  ])('CF-05: %s: it is acknowledged once and counts what it ended', async (_, writes) => {
    const { service, plan } = faultyService()
    const { client_id } = await createClient(service)
    const [caller, other] = (await seedSessions(service, client_id, freshAddress(), 2)) as [Seeded, Seeded]
    plan.writes = [...writes]
    const response = await end(service, caller, '/v1/sessions/revoke-others')
    expect(await response.json()).toEqual({ revoked: 1, sessions: [other.session_id] })
    plan.writes = [...writes]
    expect((await end(service, caller, '/oauth2/logout')).status).toBe(204)
    expect((await whoami(service, caller)).status).toBe(401)
    const { events, live } = await checkHistory(service, caller.user_id)
    expect([events.length, live.length]).toEqual([4, 0])
  })

  it('I4: an end that could not be written is 503, never acknowledged', async () => {
    const { service, plan } = faultyService()
    const { client_id } = await createClient(service)
    const [caller] = (await seedSessions(service, client_id, freshAddress(), 1)) as [Seeded]
    for (const path of ['/v1/sessions/revoke-all', '/oauth2/logout', '/v1/sessions/current']) {
      plan.writes = ['before', 'before', 'before']
      expectRetry(await end(service, caller, path, path.endsWith('current') ? 'DELETE' : 'POST'))
      expect((await whoami(service, caller)).status).toBe(200)
    }
  })
})

describe('a change that is found in the log', () => {
  /** A user with one session, and an operator who ends it. */
  async function ending() {
    const service = createService()
    const { client_id } = await createClient(service)
    const [session] = (await seedSessions(service, client_id, freshAddress(), 1)) as [Seeded]
    const { parts, now } = service
    const db = parts.shards.of(session.user_id)
    const command = {
      type: 'end_sessions',
      opId: `end:${session.session_id}`,
      selection: { kind: 'all', includeApps: true },
      reason: 'ended_by_operator',
      by: { kind: 'operator' },
    } as const
    const apply = (intercept: Intercept) =>
      applyChange(seenThrough(db, intercept), session.user_id, command, now, parts.secrets)
    const found = {
      outcome: { tag: 'ended', sessions: [session.session_id] },
      entries: [{ type: 'session.ended', sessionId: session.session_id }],
    }
    return { apply, found }
  }

  const isCommit = (sql: readonly string[]) => sql.some(each => each.startsWith('INSERT INTO user_events'))

  it.each([
    ['to its commit', 1],
    ['to its commit, and to the first look into the log', 2],
  ])('CF-05: is this attempt’s own when what was lost is the answer %s', async (_, losses) => {
    const { apply, found } = await ending()
    let [isCommitted, left] = [false, losses]
    const applied = await apply(async (sql, run) => {
      const results = await run()
      isCommitted ||= isCommit(sql)
      if (isCommitted && left-- > 0) throw new Error('D1_ERROR: Network connection lost.')
      return results
    })
    expect(applied).toMatchObject({ ...found, isRepeat: false })
    expect(left).toBeLessThan(0)
  })

  it.each(['before', 'meanwhile'])('I8: is a repeat when somebody else has made it %s', async when => {
    const { apply, found } = await ending()
    const others: unknown[] = []
    const other = async () => others.push(await apply((_, run) => run()))
    if (when === 'before') await other()
    const applied = await apply(async (sql, run) => {
      if (isCommit(sql)) await other()
      return run()
    })
    expect(others).toMatchObject([{ ...found, isRepeat: false }])
    expect(applied).toMatchObject({ ...found, isRepeat: true })
  })
})

describe('the record of a change', () => {
  afterEach(() => void vi.restoreAllMocks())

  const expectRecordedOnce = async (service: Service, breakNext: () => unknown) => {
    const { client_id } = await createClient(service)
    const logs = captureLogs()
    breakNext()
    const tokens = await signIn(service, client_id, freshAddress())
    breakNext()
    const logout = await service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' }))
    expect(logout.status).toBe(204)
    const events = logs.lines().map(line => (JSON.parse(line) as { event: string }).event)
    expect(events.filter(event => event.startsWith('session.'))).toEqual(['session.created', 'session.ended'])
  }

  it.each<[string, Fault[]]>([
    ['nothing fails', []],
    ['the answer to the commit is lost', ['after']],
    ['one attempt fails before the commit, and the answer to the other is lost', ['before', 'after']],
  ])('LG-01: is one, where %s', async (_, writes) => {
    const { service, plan } = faultyService()
    await expectRecordedOnce(service, () => Object.assign(plan, { writes: [...writes] }))
  })

  it('LG-01: is one, where the answer is lost on the way back from the object', async () => {
    const { calls, users } = lost(1, () => new Error('Network connection lost.'))
    await expectRecordedOnce(createService({ USER_SESSIONS: users }), () => Object.assign(calls, { made: 0 }))
  })
})

describe('the way to the object and back', () => {
  it('CF-05: an answer lost on the way back: the same operation again, one session, success', async () => {
    const { calls, users } = lost(2, () => new Error('Network connection lost.'))
    const service = createService({ USER_SESSIONS: users })
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    expect(calls.made).toBe(3)
    expect((await whoami(service, tokens)).status).toBe(200)
    expect((await checkHistory(service, tokens.user_id, 1)).events).toHaveLength(1)
  })

  it('CF-05: an overloaded object is not called again: 503', async () => {
    const overloaded = () => Object.assign(new Error('Durable Object is overloaded.'), { overloaded: true })
    const { calls, users } = lost(9, overloaded)
    const service = createService({ USER_SESSIONS: users })
    const { client_id } = await createClient(service)
    const attempt = await requestLink(service, client_id, freshAddress())
    expectRetry(await redeem(service, attempt))
    expect(calls.made).toBe(1)
  })

  it('CF-05: an operator’s deletion whose answer was lost is reported as done', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const { user_id } = await signIn(service, client_id, freshAddress())
    const { users } = lost(1, () => new Error('Network connection lost.'))
    const through = createService({ USER_SESSIONS: users })
    const deleted = await through.request(
      `/admin/v1/users/${user_id}`,
      bearer(String(service.env.ADMIN_TOKEN), { method: 'DELETE' }),
    )
    expect(deleted.status).toBe(204)
  })

  it('CF-04: the object survives an exception: the calls that wait behind it are served', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const { user_id } = await signIn(service, client_id, email)
    const attempts = await requestLinks(service, [client_id], email, 6)
    const broken = { left: 1 }
    const breaking = (db: D1Database) => ({
      prepare: (sql: string) => {
        if (broken.left-- > 0) throw new TypeError('no one expects this')
        return db.prepare(sql)
      },
      batch: (statements: D1PreparedStatement[]) => db.batch(statements),
    })
    await changeEnv(env.USER_SESSIONS.getByName(user_id), () =>
      Object.fromEntries(DATABASES.map((name, index) => [name, breaking(databases()[index] as D1Database)])),
    )
    const responses = await Promise.all(attempts.map(attempt => redeem(service, attempt)))
    expect(broken.left).toBeLessThan(0)
    const unserved = attempts.filter((_, index) => responses[index]?.status !== 200)
    expect(unserved.length).toBeLessThanOrEqual(1)
    for (const response of responses.filter(each => each.status !== 200)) expectRetry(response)
    for (const attempt of unserved) expect((await redeem(service, attempt)).status).toBe(200)
    const { events, live } = await checkHistory(service, user_id, 1)
    expect([eventsOfType(events, 'session.created').length, live.length]).toEqual([7, 1])
  })

  it('CF-08: what was acknowledged outlives eviction and abortion of the object, in the midst of sign-ins', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const { user_id } = await signIn(service, client_id, email)
    await evictDurableObject(env.USER_SESSIONS.getByName(user_id))
    const attempts = await requestLinks(service, [client_id], email, 20)
    const inFlight = attempts.map(attempt => redeem(service, attempt))
    await Promise.race(inFlight)
    await abortAllDurableObjects()
    const responses = await Promise.all(inFlight)
    const acknowledged = countOf(statusesOf(responses), 200)
    expect(acknowledged).toBeGreaterThan(0)
    expect(acknowledged + countOf(statusesOf(responses), 503)).toBe(20)
    const { events, live } = await checkHistory(service, user_id, 1)
    const begun = eventsOfType(events, 'session.created').map(event => event.session_id)
    expect(begun.length).toBeGreaterThanOrEqual(1 + acknowledged)
    expect(live).toEqual(begun.slice(-1))
    const tokens = await Promise.all(
      responses.filter(each => each.status === 200).map(each => each.json<Tokens>()),
    )
    const sessionsOf = tokens.map(each => JSON.parse(atob(each.access_token.split('.')[1] as string)).sid)
    expect(begun).toEqual(expect.arrayContaining(sessionsOf))
  })
})
