// Time: idle and absolute limits by the server's clock alone, closed by the cron.
import { describe, expect, it } from 'vitest'
import { EXPIRE_CHUNK_USERS } from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { goOnSweeping, sweepSessions } from '../../src/store/session-sweep.ts'
import { signInBrowser } from './support/browser.ts'
import { DB } from './support/databases.ts'
import { namespaceOf } from './support/intercept.ts'
import { change, count, metered, NO_LIMIT, NOW, newId, newUser, start, sumOf } from './support/ledger.ts'
import { bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType } from './support/stored.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const whoami = (service: Service, tokens: Tokens) =>
  service.request('/ping/whoami', bearer(tokens.access_token))
const claimsOf = (tokens: Tokens) => JSON.parse(atob(tokens.access_token.split('.')[1] as string))

async function refreshed(service: Service, tokens: Tokens): Promise<Tokens> {
  const response = await refresh(service, tokens)
  expect(response.status).toBe(200)
  return response.json()
}

describe('idle', () => {
  it('SE-05: an app’s session unused for seven days is over; a second earlier it is not', async () => {
    for (const [unused, status] of [
      [7 * DAY - 1, 200],
      [7 * DAY, 400],
    ] as const) {
      const service = createService()
      const { client_id } = await createClient(service)
      const tokens = await signIn(service, client_id, freshAddress())
      service.now += unused
      expect((await refresh(service, tokens)).status).toBe(status)
      expect((await whoami(service, tokens)).status).toBe(401)
    }
  })

  it('SE-05: a browser session unused for seven days is over; use moves it on', async () => {
    const service = createService()
    const signedIn = await signInBrowser(service, freshAddress())
    service.now += 7 * DAY - 1
    expect((await signedIn.get('/v1/sessions/current')).status).toBe(200)
    service.now += 7 * DAY - 1
    expect((await signedIn.get('/v1/sessions/current')).status).toBe(200)
    service.now += 7 * DAY
    expect((await signedIn.get('/v1/sessions/current')).status).toBe(401)
  })

  it('SE-05: the cron closes the rows of every user in every shard, each with one event, and of no one else', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const idle = await Promise.all(
      Array.from({ length: 6 }, () => signIn(service, client_id, freshAddress())),
    )
    const dormant = await signInBrowser(service, freshAddress())
    service.now += 3 * DAY
    const used = await signIn(service, client_id, freshAddress())
    service.now += 4 * DAY

    await keepHouse(service.parts, service.now)
    await keepHouse(service.parts, service.now + 1)
    const dormantId = (dormant.cookie('__Host-session') as string).split('.')[0] as string
    for (const userId of [...idle.map(tokens => tokens.user_id), dormantId]) {
      const { events, live } = await checkHistory(service, userId)
      expect(live).toEqual([])
      expect(events.map(event => [event.type, event.reason, event.actor])).toEqual([
        ['session.created', null, expect.any(String)],
        ['session.ended', 'expired', '{"kind":"system"}'],
      ])
    }
    expect((await checkHistory(service, used.user_id)).live).toHaveLength(1)
    expect((await refresh(service, used)).status).toBe(200)
  })

  it('SE-05: a pass finds everybody’s expired sessions, a few rows at a time, and begins anew at its end', async () => {
    await DB.batch(
      ['session_sweep', 'entropy_buckets', 'sessions'].map(each => DB.prepare(`DELETE FROM ${each}`)),
    )
    const users: string[] = []
    for (let user = 0; user < 5; user++) {
      const userId = await newUser(DB)
      for (let session = 0; session < 3; session++) {
        await change(DB, userId, start({ rule: NO_LIMIT }))
      }
      users.push(userId)
    }
    const expired = users.toSorted().filter((_, index) => index !== 2)
    await DB.prepare('UPDATE sessions SET expires_at = ? WHERE user_id IN (SELECT value FROM json_each(?))')
      .bind(NOW, JSON.stringify(expired))
      .run()

    const found = new Set<string>()
    const begins: string[] = []
    for (let run = 0; run < 12 && (run === 0 || begins.at(-1) !== ''); run++) {
      const { db, rows } = metered(DB)
      const sweep = await sweepSessions(db, NOW, 4)
      expect(sweep.from).toBe(begins.at(-1) ?? '')
      expect(sumOf(rows, 'read')).toBeLessThanOrEqual(4 + 3)
      for (const userId of sweep.expired) found.add(userId)
      await goOnSweeping(DB, sweep.next)
      begins.push(sweep.next)
    }
    expect([...found].sort()).toEqual(expired)
    expect(begins.at(-1)).toBe('')
    expect(begins.length).toBeGreaterThan(3)
    expect((await sweepSessions(DB, NOW - 1, 100)).expired).toEqual([])
  })

  it('SE-05: a run that finds more than it can end goes on with the first of them', async () => {
    const service = createService()
    const [home = DB] = service.parts.shards.all
    await home.batch(
      ['session_sweep', 'entropy_buckets', 'sessions'].map(each => home.prepare(`DELETE FROM ${each}`)),
    )
    const users: string[] = []
    for (let user = 0; user < EXPIRE_CHUNK_USERS + 1; user++) users.push(await newUser(home, [newId('s')]))
    await home.prepare('UPDATE sessions SET expires_at = ?').bind(service.now).run()
    await keepHouse(service.parts, service.now)
    const { from } = await sweepSessions(home, service.now, 1)
    expect(from).toBe(users.toSorted().at(-1))
  })

  it('SE-05: a user whose change fails keeps nobody else’s sessions from being ended, and is tried again', async () => {
    let away = ''
    const USER_SESSIONS = namespaceOf(async (_, verb, args) => {
      if (args[0] === away) throw new Error('the object is away')
      return verb(...args)
    })
    const service = createService({ USER_SESSIONS })
    const [home = DB] = service.parts.shards.all
    await home.batch(
      ['session_sweep', 'entropy_buckets', 'sessions'].map(each => home.prepare(`DELETE FROM ${each}`)),
    )
    const users: string[] = []
    for (let user = 0; user < 3; user++) users.push(await newUser(home, [newId('s')]))
    users.sort()
    await home.prepare('UPDATE sessions SET expires_at = ?').bind(service.now).run()
    const kept = () => Promise.all(users.map(id => count(home, 'sessions', 'user_id = ?', id)))
    away = users[0] as string
    await keepHouse(service.parts, service.now)
    expect(await kept()).toEqual([1, 0, 0])
    away = ''
    await keepHouse(service.parts, service.now)
    expect(await kept()).toEqual([0, 0, 0])
  })

  it('SE-05: what has expired, and is not closed yet, is not shown, cannot act and takes no place', async () => {
    const service = createService()
    const { client_id } = await createClient(service, { session_rule: { limit: 1, at_limit: 'refuse' } })
    const email = freshAddress()
    const former = await signIn(service, client_id, email)
    service.now += 7 * DAY
    const newer = await signIn(service, client_id, email)
    const list = await service.request('/v1/sessions', bearer(newer.access_token))
    expect((await list.json<{ sessions: unknown[] }>()).sessions).toHaveLength(1)
    const { events } = await checkHistory(service, former.user_id, 1)
    expect(eventsOfType(events, 'session.ended').map(event => event.reason)).toEqual(['expired'])
  })
})

describe('absolute', () => {
  it('SE-06: no session outlives thirty days, however active: app and browser', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const signedIn = await signInBrowser(service, freshAddress())
    let tokens = await signIn(service, client_id, freshAddress())
    const end = service.now + 30 * DAY
    for (; service.now + 12 * HOUR < end; service.now += 12 * HOUR) {
      tokens = await refreshed(service, tokens)
      expect((await signedIn.get('/v1/sessions/current')).status).toBe(200)
    }
    service.now = end - 100
    tokens = await refreshed(service, tokens)
    // Not even its last token lasts longer.
    expect([tokens.expires_in, claimsOf(tokens).exp]).toEqual([100, end])
    service.now = end - 1
    expect((await whoami(service, tokens)).status).toBe(200)
    expect((await signedIn.get('/v1/sessions/current')).status).toBe(200)
    service.now = end
    expect((await whoami(service, tokens)).status).toBe(401)
    expect((await refresh(service, tokens)).status).toBe(400)
    expect((await signedIn.get('/v1/sessions/current')).status).toBe(401)
    expect((await signedIn.get('/account')).headers.get('Location')).toBe('/sign-in')
  })
})

describe('the clock', () => {
  it('SE-15: is the server’s: a Date header or a time in the body has no effect', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const before = service.now
    const claimed = before + 20 * DAY
    const times = { iat: claimed, now: claimed, timestamp: claimed, auth_time: claimed, created_at: claimed }
    const attempt = await requestLink(service, client_id, freshAddress(), times)
    const tokens = await (
      await redeem(service, attempt, 'link', { iat: String(claimed), auth_time: String(claimed) })
    ).json<Tokens>()
    expect(claimsOf(tokens)).toMatchObject({ iat: before, auth_time: before, exp: before + 10 * MINUTE })
    for (const at of [before - DAY, claimed]) {
      const date = new Date(at * 1_000).toUTCString()
      const headers = { Date: date, 'If-Modified-Since': date, 'X-Timestamp': String(at) }
      const response = await service.request('/ping/whoami', bearer(tokens.access_token, { headers }))
      expect(response.status).toBe(200)
    }
    service.now = before + 10 * MINUTE
    const headers = { Date: new Date(before * 1_000).toUTCString() }
    expect((await service.request('/ping/whoami', bearer(tokens.access_token, { headers }))).status).toBe(401)
  })

  it.each([
    ['an access token', 10 * MINUTE],
    ['a link', 10 * MINUTE],
    ['a code', 10 * MINUTE],
    ['a refresh token', 7 * DAY],
  ] as const)(
    'SE-15: 61 s flip the result around the end of %s, and no leeway lengthens it',
    async (what, seconds) => {
      const service = createService()
      const { client_id } = await createClient(service)
      const attempt = await requestLink(service, client_id, freshAddress())
      const signedIn = await signIn(service, client_id, freshAddress())
      const start = service.now
      const use = async (): Promise<boolean> => {
        if (what === 'an access token') return (await whoami(service, signedIn)).status === 200
        if (what === 'a refresh token') return (await refresh(service, signedIn)).status === 200
        return (await redeem(service, attempt, what === 'a link' ? 'link' : 'code')).status === 200
      }
      const results: boolean[] = []
      for (const offset of [61, 0, -61]) {
        service.now = start + seconds + offset
        results.push(await use())
      }
      expect(results).toEqual([false, false, true])
    },
  )
})
