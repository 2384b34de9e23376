// Rows, as D1 itself counts them: the one figure of performance without noise. Rows written dominate the bill; calls in
// sequence are what a user waits for. The bounds are the budget of each operation.
import { describe, expect, it, vi } from 'vitest'
import { COSTS, type Operation } from '../../src/cli/simulate/costs.ts'
import { KNOWN_DEVICE_ENTRIES } from '../../src/domain/limits.ts'
import { askForMail, browser, signInBrowser } from './support/browser.ts'
import { recordQueue } from './support/events.ts'
import { type Intercept, objectsSeenThrough, workerSeenThrough } from './support/intercept.ts'
import { type Seeded, seedSessions } from './support/many.ts'
import { bearer, createService, freshAddress, freshIp, json } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'

interface Cost {
  read: number
  written: number
  /** Round trips to D1 that the answer waits for, by the Worker and by the object together. */
  calls: number
  /** Statements in them. */
  queries: number
}

/** A service that counts what its Worker and its objects do in D1. */
function countingService() {
  const cost: Cost = { read: 0, written: 0, calls: 0, queries: 0 }
  // Figures are folded and written once a minute, whatever happens in it: no operation's cost.
  const figures: number[] = []
  const count: Intercept = async (sql, run) => {
    if (/record_counts/.test(sql[0] ?? '')) return writtenAs(figures, await run())
    cost.calls += 1
    cost.queries += sql.length
    const results = await run()
    for (const { meta } of results) {
      cost.read += meta.rows_read
      cost.written += meta.rows_written
    }
    return results
  }
  // Whether a client or a webhook wants to know is looked up beside the answer: a few rows read, and nobody waits for it.
  const countAwaited: Intercept = (sql, run) =>
    /FROM (?:clients|webhooks)/.test(sql[0] ?? '') ? run() : count(sql, run)
  const service = createService({
    ...workerSeenThrough(count),
    USER_SESSIONS: objectsSeenThrough(countAwaited),
  })
  const costOf = async <T>(work: () => Promise<T>): Promise<[T, Cost]> => {
    Object.assign(cost, { read: 0, written: 0, calls: 0, queries: 0 })
    const result = await work()
    return [result, { ...cost }]
  }
  return { service, costOf, figures }
}

/** Keeps how many rows these were. */
function writtenAs(figures: number[], results: D1Result[]): D1Result[] {
  figures.push(...results.map(({ meta }) => meta.rows_written))
  return results
}

/**
 * What `npm run simulate` reckons with is what is measured. Calls and rows read are bounds.
 * @param more rows read, of what there is more of than it reckons with
 */
function expectCost(cost: Cost | undefined, operation: Operation, more = 0) {
  const { queries, written, calls, read } = COSTS[operation]
  expect(cost).toMatchObject({ queries, written })
  expect(cost?.calls).toBeLessThanOrEqual(calls)
  expect(cost?.read).toBeLessThanOrEqual(read + more)
}

const NO_LIMIT = { session_rule: { limit: null, at_limit: 'replace_oldest' } }
const LIMIT_2 = { session_rule: { limit: 2, at_limit: 'replace_oldest' } }

describe('rows of an operation', () => {
  it('strong validation reads one row in one call and writes none', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress())
    const whoami = () => service.request('/ping/whoami', bearer(access_token))
    expect((await whoami()).status).toBe(200)
    const [response, cost] = await costOf(whoami)
    expect(response.status).toBe(200)
    expectCost(cost, 'strongValidation')
    expect(cost.read).toBe(1)
  })

  it('asking for a link writes 3 rows, the delivery included, whether or not the address has a user', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service)
    await signIn(service, client_id, freshAddress())
    const email = freshAddress()
    const costs: Cost[] = []
    for (let round = 0; round < 2; round++) {
      const [attempt, cost] = await costOf(() => requestLink(service, client_id, email))
      costs.push(cost)
      expect((await redeem(service, attempt)).status).toBe(200)
    }
    expectCost(costs[0], 'linkRequest')
    expect(costs[0]?.read).toBe(1)
    expect(costs[1]).toEqual(costs[0])
  })

  it('a sign-in writes 6 rows with its new user, 4 without, and at most 4 more for each that it replaces', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service, LIMIT_2)
    const email = freshAddress()
    const costs: Cost[] = []
    for (let round = 0; round < 4; round++) {
      const attempt = await requestLink(service, client_id, email)
      const [response, cost] = await costOf(() => redeem(service, attempt))
      expect(response.status).toBe(200)
      costs.push(cost)
    }
    expect(costs.map(cost => cost.written)).toEqual([6, 4, 8, 8])
    // What the sign-in is and what its user has, then the batch.
    for (const cost of costs) expect(cost.calls).toBe(2)
  })

  it('ML-16: a sign-in that its holder is told of writes 6 rows at most, the delivery included', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service, NO_LIMIT)
    const email = freshAddress()
    await signIn(service, client_id, email)
    const attempt = await requestLink(service, client_id, email, { device_name: 'another' })
    const [response, cost] = await costOf(() => redeem(service, attempt))
    expect([response.status, service.newestMail(email).subject]).toEqual([200, 'New sign-in to Test app'])
    expectCost(cost, 'signIn')
    const elsewhere = browser(service)
    const { token } = await askForMail(service, elsewhere, email)
    const [, inBrowser] = await costOf(() => elsewhere.post('/sign-in/link', { token }))
    expect(inBrowser.written).toBe(5)
    // The same browser again: known, and nothing beside the session is written.
    await elsewhere.post('/sign-out')
    const again = await askForMail(service, elsewhere, email)
    const [, known] = await costOf(() => elsewhere.post('/sign-in/link', { token: again.token }))
    expect(known.written).toBe(3)
  })

  it('ML-16: what is looked through for known devices is bounded, however long the log', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service, NO_LIMIT)
    const email = freshAddress()
    const [first] = (await seedSessions(service, client_id, email, 100)) as [Seeded]
    await service.request('/v1/sessions/revoke-all', bearer(first.access_token, json({})))
    const attempt = await requestLink(service, client_id, email)
    const [response, cost] = await costOf(() => redeem(service, attempt))
    expect(response.status).toBe(200)
    expect(cost.read).toBeLessThanOrEqual(KNOWN_DEVICE_ENTRIES + 20)
  })

  it('LG-01: what is recorded is counted by a write a minute, of a row for each code, whatever happens in it', async () => {
    const { service, figures } = countingService()
    const { client_id } = await createClient(service)
    expect(figures).toHaveLength(1)
    let tokens = await signIn(service, client_id, freshAddress())
    for (let round = 0; round < 5; round++) tokens = await (await refresh(service, tokens)).json<Tokens>()
    expect(figures).toHaveLength(1)
    service.now += 60
    await service.request('/ping/whoami', bearer(tokens.access_token))
    // sign_in.started, session.created, token.issued, token.refreshed
    expect(figures.slice(1)).toEqual([4])
    service.now += 60
    await service.request('/health')
    expect(figures).toHaveLength(2)
  })

  it('by typed code it is the same, and one call more at most', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service)
    const attempt = await requestLink(service, client_id, freshAddress())
    const [response, cost] = await costOf(() => redeem(service, attempt, 'code'))
    expect(response.status).toBe(200)
    expect(cost.written).toBe(6)
    expect(cost.calls).toBeLessThanOrEqual(3)
  })

  it('a refresh writes 4 rows, in one call, and reads one more for each earlier token that is kept', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service)
    let tokens = await signIn(service, client_id, freshAddress())
    for (let earlier = 0; earlier < 5; earlier++) {
      const [response, cost] = await costOf(() => refresh(service, tokens))
      tokens = await response.json<Tokens>()
      expectCost(cost, 'refresh', earlier - 2)
    }
  })

  it.each<[string, string, string]>([
    ['logout', 'POST', '/oauth2/logout'],
    ['its handle', 'DELETE', '/v1/sessions/current'],
  ])('ending a session by %s writes at most 5 rows', async (_, method, path) => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress())
    const [response, cost] = await costOf(() => service.request(path, bearer(access_token, { method })))
    expect(response.status).toBe(204)
    expectCost(cost, 'end')
  })

  it('ending n others writes at most 4 rows each and one more, in as many calls as ending one', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service)
    const [caller] = (await seedSessions(service, client_id, freshAddress(), 21)) as [Seeded]
    const [response, cost] = await costOf(() =>
      service.request('/v1/sessions/revoke-others', bearer(caller.access_token, json({}))),
    )
    expect(await response.json()).toMatchObject({ revoked: 20 })
    expect(cost.written).toBeLessThanOrEqual(20 * 4 + 1)
    expect(cost.calls).toBe(2)
  })

  it('whose session has ended, the objects of an isolate ask the first database once for all of them', async () => {
    const asked: string[] = []
    const watch: Intercept = (sql, run) => {
      asked.push(...sql.filter(each => /FROM clients/.test(each)))
      return run()
    }
    const { messages, bindings } = recordQueue()
    const service = createService({ USER_SESSIONS: objectsSeenThrough(watch, { EVENTS: bindings.EVENTS }) })
    const backchannel_logout_uri = 'https://app.example.com/logout'
    const { client_id } = await createClient(service, { backchannel_logout_uri })
    for (let users = 1; users <= 3; users++) {
      const { access_token } = await signIn(service, client_id, freshAddress())
      const response = await service.request('/oauth2/logout', bearer(access_token, { method: 'POST' }))
      expect(response.status).toBe(204)
      await vi.waitFor(() => expect(messages).toHaveLength(users))
    }
    expect(asked).toHaveLength(1)
  })

  it('SE-10: speaking for a session writes 1 row, and again none', async () => {
    const { service, costOf } = countingService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const { client_id } = await createClient(service)
    const [other] = (await seedSessions(service, client_id, email, 1)) as [Seeded]
    await owner.get('/account')
    const speak = () => owner.post('/account/sessions/recognize', { recognized_id: other.session_id })
    const [response, cost] = await costOf(speak)
    expect([response.status, cost]).toMatchObject([303, { read: 3, written: 1, calls: 2 }])
    expect((await costOf(speak))[1].written).toBe(0)
  })

  it('a use of a link that was used writes nothing', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service)
    const attempt = await requestLink(service, client_id, freshAddress())
    await redeem(service, attempt)
    const [response, cost] = await costOf(() => redeem(service, attempt))
    expect([response.status, cost.written]).toEqual([400, 0])
  })

  it('a list reads each session of its user twice at most, to sort them, and none of others', async () => {
    const { service, costOf } = countingService()
    const { client_id } = await createClient(service)
    const [caller] = (await seedSessions(service, client_id, freshAddress(), 10)) as [Seeded]
    await seedSessions(service, client_id, freshAddress(), 10)
    const list = () => service.request('/v1/sessions', bearer(caller.access_token))
    await list()
    const [, cost] = await costOf(list)
    expectCost(cost, 'list', 2 * (10 - 3))
  })

  it('SE-07: an invented cookie has nothing read but the row that refutes it', async () => {
    const { service, costOf } = countingService()
    const email = freshAddress()
    const own = await signInBrowser(service, email)
    await seedSessions(service, (await createClient(service)).client_id, email, 10)
    const [user = '', session = ''] = (own.cookie('__Host-session') ?? '').split('.')
    const invented = `${user}.${session}.${'A'.repeat(43)}.${'A'.repeat(43)}`
    const headers = { Cookie: `__Host-session=${invented}` }
    const [response, cost] = await costOf(() =>
      service.request(`/v1/sessions/${session}`, { method: 'DELETE', headers }),
    )
    expect([response.status, cost]).toMatchObject([401, { read: 1, written: 0, calls: 1, queries: 1 }])
    expect((await own.get('/account')).status).toBe(200)
  })

  it('a browser session is validated by one row, and writes one at most every five minutes', async () => {
    const { service, costOf } = countingService()
    const signedIn = await signInBrowser(service, freshAddress(), browser(service, freshIp()))
    const current = () => signedIn.get('/v1/sessions/current')
    const [, first] = await costOf(current)
    expect(first).toMatchObject({ read: 2, written: 0, calls: 2 })
    service.now += 5 * 60
    const [, second] = await costOf(current)
    expect(second.written).toBe(1)
    expect((await costOf(current))[1].written).toBe(0)
  })
})
