// The sessions API: the list, one session, ending some or all.
import { describe, expect, it } from 'vitest'
import { signInBrowser } from './support/browser.ts'
import { type Seeded, seedSessions } from './support/many.ts'
import { bearer, createService, freshAddress, json, type Service } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedSessions } from './support/stored.ts'

const UNLIMITED = { session_rule: { limit: null, at_limit: 'replace_oldest' } }

const get = (service: Service, by: Pick<Tokens, 'access_token'>, path: string) =>
  service.request(path, bearer(by.access_token))
const send = (service: Service, by: Pick<Tokens, 'access_token'>, path: string, body?: unknown) =>
  service.request(path, bearer(by.access_token, body === undefined ? { method: 'POST' } : json(body)))
const end = (service: Service, by: Pick<Tokens, 'access_token'>, id: string) =>
  service.request(`/v1/sessions/${id}`, bearer(by.access_token, { method: 'DELETE' }))
const whoami = async (service: Service, by: Pick<Tokens, 'access_token'>) =>
  (await get(service, by, '/ping/whoami')).status

describe('the list', () => {
  it('SE-10: has exactly the members of the contract, newest activity first, and no secret', async () => {
    const service = createService()
    const { client_id } = await createClient(service, { name: 'Notes' })
    const email = freshAddress()
    const signedIn = await signInBrowser(service, email)
    service.now += 60
    const tokens = await signIn(service, client_id, email, { device_name: 'Ann’s phone', by: 'code' })
    const answer = await get(service, tokens, '/v1/sessions')
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
    const text = await answer.clone().text()
    const { next_cursor, sessions, ...rest } = await answer.json<{
      next_cursor: null
      sessions: Record<string, unknown>[]
    }>()
    expect([next_cursor, rest, sessions.length]).toEqual([null, {}, 2])
    const at = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z')
    const idle = 7 * 24 * 60 * 60
    const common = {
      id: expect.stringMatching(/^s_[a-z2-7]{2}[A-Za-z0-9_-]{22}$/),
      place: { country: null, city: null },
    }
    expect(sessions).toEqual([
      {
        ...common,
        current: true,
        client: { id: client_id, name: 'Notes', kind: 'first_party' },
        created_at: at(service.now),
        last_seen_at: at(service.now),
        expires_at: at(service.now + idle),
        device: { name: 'Ann’s phone', kind: 'other', os: null, browser: null },
        signed_in_with: ['email_code'],
        started_in: 'app',
      },
      {
        ...common,
        current: false,
        client: { id: 'account', name: expect.any(String), kind: 'first_party' },
        created_at: at(service.now - 60),
        last_seen_at: at(service.now - 60),
        expires_at: at(service.now - 60 + idle),
        device: { name: null, kind: 'other', os: null, browser: null },
        signed_in_with: ['email_link'],
        started_in: 'browser',
      },
    ])
    for (const secret of [tokens.access_token, tokens.refresh_token, signedIn.cookie('__Host-session')]) {
      for (const part of (secret as string).split('.').filter(each => each.length > 30)) {
        expect(text).not.toContain(part)
      }
    }
    expect(text).not.toContain(email)
    expect(text).not.toMatch(/digest|secret|commitment|generation|sealed|eb"/)
  })

  it('SE-10: one session is shown as in the list; current is the caller’s own', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const [caller, other] = (await seedSessions(service, client_id, freshAddress(), 2)) as [Seeded, Seeded]
    const { sessions } = await (await get(service, caller, '/v1/sessions')).json<{
      sessions: { id: string }[]
    }>()
    for (const session of sessions) {
      expect(await (await get(service, caller, `/v1/sessions/${session.id}`)).json()).toEqual(session)
    }
    const current = await (await get(service, caller, '/v1/sessions/current')).json()
    expect(current).toMatchObject({ id: caller.session_id, current: true })
    expect((await end(service, caller, other.session_id)).status).toBe(204)
    expect((await get(service, caller, `/v1/sessions/${other.session_id}`)).status).toBe(404)
  })

  it('SE-10: the browser that reads the list is its newest activity, after days too', async () => {
    const service = createService()
    const email = freshAddress()
    const own = await signInBrowser(service, email)
    service.now += 24 * 3_600
    await signInBrowser(service, email)
    service.now += 24 * 3_600
    const now = new Date(service.now * 1_000).toISOString().replace('.000Z', 'Z')
    const { sessions } = await (await own.get('/v1/sessions')).json<{ sessions: unknown[] }>()
    expect(sessions).toMatchObject([{ current: true, last_seen_at: now }, { current: false }])
    service.now += 3_600
    const current = await (await own.get('/v1/sessions/current')).json<{ last_seen_at: string }>()
    expect(Date.parse(current.last_seen_at)).toBe(service.now * 1_000)
  })

  it('SE-10: activity moves a session to the front', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const sessions = await seedSessions(service, client_id, freshAddress(), 3)
    service.now += 30
    const rotated = await (await refresh(service, sessions[0] as Seeded)).json<Tokens>()
    const list = await (await get(service, rotated, '/v1/sessions')).json<{ sessions: { id: string }[] }>()
    expect(list.sessions.map(each => each.id)).toEqual([0, 2, 1].map(at => sessions[at]?.session_id))
  })
})

describe('ending', () => {
  it('SE-11: one, all others, all: from an app with scope sessions, without signing in again', async () => {
    const service = createService()
    const { client_id } = await createClient(service, UNLIMITED)
    const seeded = await seedSessions(service, client_id, freshAddress(), 5)
    const [caller, one, ...rest] = seeded as [Seeded, Seeded, ...Seeded[]]
    expect((await end(service, caller, one.session_id)).status).toBe(204)
    expect([await whoami(service, one), await whoami(service, caller)]).toEqual([401, 200])
    const others = await (await send(service, caller, '/v1/sessions/revoke-others')).json<{
      sessions: string[]
    }>()
    expect([...others.sessions].sort()).toEqual(rest.map(each => each.session_id).sort())
    expect(others).toMatchObject({ revoked: 3 })
    expect(await whoami(service, caller)).toBe(200)
    const all = await send(service, caller, '/v1/sessions/revoke-all')
    expect(await all.json()).toEqual({ revoked: 1, sessions: [caller.session_id] })
    expect(await whoami(service, caller)).toBe(401)
    const { events } = await checkHistory(service, caller.user_id)
    const ends = eventsOfType(events, 'session.ended')
    expect(ends.map(event => event.reason)).toEqual(Array(5).fill('ended_by_user'))
    expect(ends.every(event => event.actor.includes(caller.session_id))).toBe(true)
  })

  it('SE-11: its own, by handle or as current', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const sessions = await seedSessions(service, client_id, freshAddress(), 2)
    for (const [session, id] of sessions.map(
      (each, at) => [each, at === 0 ? 'current' : each.session_id] as const,
    )) {
      expect((await end(service, session, id)).status).toBe(204)
      expect(await whoami(service, session)).toBe(401)
      expect((await end(service, session, id)).status).toBe(401)
    }
  })

  it('SE-11: everywhere leaves third-party apps alone unless asked, and always ends the caller', async () => {
    const service = createService()
    const own = await createClient(service)
    const app = await createClient(service, { kind: 'third_party', grant_types: ['refresh_token'] })
    for (const include_apps of [undefined, false, true]) {
      const email = freshAddress()
      const [caller, second] = (await seedSessions(service, own.client_id, email, 2)) as [Seeded, Seeded]
      const [third] = (await seedSessions(service, app.client_id, email, 1)) as [Seeded]
      const body = include_apps === undefined ? undefined : { include_apps }
      const answer = await send(service, caller, '/v1/sessions/revoke-all', body)
      expect(await answer.json()).toMatchObject({ revoked: include_apps ? 3 : 2 })
      expect([await whoami(service, caller), await whoami(service, second)]).toEqual([401, 401])
      expect(await whoami(service, third)).toBe(include_apps ? 401 : 200)
      expect((await refresh(service, third)).status).toBe(include_apps ? 400 : 200)
      expect(await storedSessions(service, caller.user_id)).toHaveLength(include_apps ? 0 : 1)
    }
  })

  it('SE-12: another user’s handle, an unknown one, an ended one and an odd one are the same 404, without effect', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const [ann, ended] = (await seedSessions(service, client_id, freshAddress(), 2)) as [Seeded, Seeded]
    const [bob] = (await seedSessions(service, client_id, freshAddress(), 1)) as [Seeded]
    await end(service, ann, ended.session_id)
    const unknown = `s_${ann.session_id.slice(2, 4)}${'A'.repeat(22)}`
    const bodies = new Set<string>()
    for (const id of [bob.session_id, unknown, ended.session_id, 's_', '..%2f', `${unknown}%00`, "'--"]) {
      for (const answer of [await end(service, ann, id), await get(service, ann, `/v1/sessions/${id}`)]) {
        expect([id, answer.status]).toEqual([id, 404])
        const { request_id, ...body } = await answer.json<{ request_id: string }>()
        expect(request_id).toBe(answer.headers.get('X-Request-Id'))
        bodies.add(JSON.stringify(body))
      }
    }
    expect(bodies.size).toBe(1)
    expect([await whoami(service, bob), await whoami(service, ann)]).toEqual([200, 200])
    expect((await checkHistory(service, bob.user_id)).events).toHaveLength(1)
  })
})
