// Operators and support desks: disabling, deleting and ending everything of one user; all users of one client.
import { describe, expect, it, vi } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import { type Browser, signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { type Seeded, seedSessions } from './support/many.ts'
import { admin, bearer, createService, freshAddress, json, type Service } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedUsers } from './support/stored.ts'

const operate = (service: Service, path: string, method = 'POST') =>
  service.request(`/admin/v1${path}`, admin(service, { method }))
const whoami = (service: Service, tokens: Pick<Tokens, 'access_token'>) =>
  service.request('/ping/whoami', bearer(tokens.access_token))

/** A user with an app, a third-party app and a browser, and a neighbour who must not notice anything. */
async function population() {
  const service = createService()
  const own = await createClient(service)
  const app = await createClient(service, { kind: 'third_party', grant_types: ['refresh_token'] })
  const email = freshAddress()
  const device = `phone ${crypto.randomUUID()}`
  const signedIn = await signInBrowser(service, email)
  const tokens = await signIn(service, own.client_id, email, { device_name: device })
  const [third] = (await seedSessions(service, app.client_id, email, 1)) as [Seeded]
  const neighbour = await signIn(service, own.client_id, freshAddress())
  return {
    service,
    client_id: own.client_id,
    email,
    device,
    userId: tokens.user_id,
    signedIn,
    apps: [tokens, third],
    neighbour,
  }
}

async function expectAllDead(service: Service, signedIn: Browser, apps: readonly Tokens[], reason: string) {
  for (const tokens of apps) {
    const answer = await whoami(service, tokens)
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'session_ended', reason }])
    expect((await service.request('/v1/sessions', bearer(tokens.access_token))).status).toBe(401)
    expect((await refresh(service, tokens)).status).toBe(400)
  }
  expect((await signedIn.get('/v1/sessions')).status).toBe(401)
  expect((await signedIn.get('/account')).headers.get('Location')).toBe('/sign-in')
}

describe('ending everything of a user', () => {
  it('SE-13: revoke-sessions ends apps and browsers, counts them, and leaves the account open', async () => {
    const { service, client_id, email, userId, signedIn, apps, neighbour } = await population()
    const answer = await operate(service, `/users/${userId}/revoke-sessions`)
    expect(await answer.json()).toEqual({ revoked: 3 })
    await expectAllDead(service, signedIn, apps, 'ended_by_operator')
    expect(await (await operate(service, `/users/${userId}/revoke-sessions`)).json()).toEqual({ revoked: 0 })
    const { events } = await checkHistory(service, userId)
    const ends = eventsOfType(events, 'session.ended')
    expect(ends.map(event => event.actor)).toEqual(Array(3).fill('{"kind":"operator"}'))
    expect((await signIn(service, client_id, email)).user_id).toBe(userId)
    expect((await whoami(service, neighbour)).status).toBe(200)
  })

  it('SE-13: disable ends all and keeps the user out; enable lets the same user in, and revives nothing', async () => {
    const { service, client_id, email, userId, signedIn, apps, neighbour } = await population()
    const pending = await requestLink(service, client_id, email)
    expect((await operate(service, `/users/${userId}/disable`)).status).toBe(204)
    await expectAllDead(service, signedIn, apps, 'user_disabled')
    for (const attempt of [pending, await requestLink(service, client_id, email)]) {
      const refused = await redeem(service, attempt)
      expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'access_denied' }])
    }
    expect((await operate(service, `/users/${userId}/disable`)).status).toBe(204)
    expect((await operate(service, `/users/${userId}/enable`)).status).toBe(204)
    for (const tokens of apps) {
      expect((await whoami(service, tokens)).status).toBe(401)
      expect((await refresh(service, tokens)).status).toBe(400)
    }
    const { events } = await checkHistory(service, userId)
    expect(events.slice(-4).map(event => event.type)).toEqual([
      'user.disabled',
      'sign_in.refused',
      'sign_in.refused',
      'user.enabled',
    ])
    expect((await redeem(service, pending)).status).toBe(400)
    expect((await signIn(service, client_id, email)).user_id).toBe(userId)
    expect((await whoami(service, neighbour)).status).toBe(200)
  })

  it('SE-13: delete ends all and removes the user; the address then makes a new user', async () => {
    const { service, client_id, email, userId, signedIn, apps, neighbour } = await population()
    expect((await operate(service, `/users/${userId}`, 'DELETE')).status).toBe(204)
    await expectAllDead(service, signedIn, apps, 'ended_by_operator')
    expect(await storedUsers(service, email)).toEqual([])
    expect((await operate(service, `/users/${userId}`, 'GET')).status).toBe(404)
    expect((await operate(service, `/users/${userId}`, 'DELETE')).status).toBe(404)
    const found = await operate(service, `/users?email=${encodeURIComponent(email)}`, 'GET')
    expect(await found.json()).toEqual({ users: [] })

    const again = await signIn(service, client_id, email)
    expect(again.user_id).not.toBe(userId)
    const list = await service.request('/v1/sessions', bearer(again.access_token))
    expect((await list.json<{ sessions: unknown[] }>()).sessions).toHaveLength(1)
    await expectAllDead(service, signedIn, apps, 'ended_by_operator')
    expect((await whoami(service, neighbour)).status).toBe(200)
  })

  it('SE-13: of a deleted user nothing personal stays, once the purge has taken the sign-ins', async () => {
    const { service, email, device, userId } = await population()
    const personal = [email, device]
    for (const each of personal) expect(await dump(service)).toContain(each)
    await operate(service, `/users/${userId}`, 'DELETE')
    service.now += 3_600
    await keepHouse(service.parts, service.now)
    for (const each of personal) expect(await dump(service)).not.toContain(each)
  })

  it('SE-13: deleting a client ends its sessions, of every user in every shard, and no others', async () => {
    const service = createService()
    const [doomed, other] = [await createClient(service), await createClient(service)]
    const emails = Array.from({ length: 6 }, freshAddress)
    const gone = await Promise.all(emails.map(email => signIn(service, doomed.client_id, email)))
    const kept = await Promise.all(emails.map(email => signIn(service, other.client_id, email)))
    expect((await operate(service, `/clients/${doomed.client_id}`, 'DELETE')).status).toBe(204)
    for (const tokens of gone) {
      expect((await whoami(service, tokens)).status).toBe(401)
      expect((await refresh(service, tokens)).status).toBe(401)
    }
    for (const tokens of kept) expect((await whoami(service, tokens)).status).toBe(200)
  })
})

describe('the log', () => {
  it('LG-01, LG-06: has a line for each request of an operator: what was done, by ids alone, or that it was refused', async () => {
    const service = createService()
    const said = vi.spyOn(console, 'info').mockReturnValue()
    const hook = json({ url: 'https://a.test/?key=secret', events: ['*'], description: 'ours' })
    const made = await service.request('/admin/v1/webhooks', admin(service, hook))
    const { id } = await made.json<{ id: string }>()
    await operate(service, `/webhooks/${id}`, 'DELETE')
    await operate(service, '/users?email=ann@a.test', 'GET')
    const refused = await operate(service, '/alarms/not-an-id/acknowledge')
    await service.request('/admin/v1/alarms', bearer('x'))
    const lines = said.mock.calls
      .map(([line]) => JSON.parse(line))
      .filter(({ actor }) => actor === 'operator')
    said.mockRestore()
    expect(lines.map(({ event, method, path, route }) => [event, method, path ?? route])).toEqual([
      ['operator.called', 'POST', '/admin/v1/webhooks'],
      ['operator.called', 'DELETE', `/admin/v1/webhooks/${id}`],
      ['operator.called', 'GET', '/admin/v1/users'],
      ['request.refused', 'POST', '/admin/v1/alarms/:id/acknowledge'],
    ])
    expect(lines[3].request_id).toBe(refused.headers.get('X-Request-Id'))
  })
})

describe('looking', () => {
  it('SE-13: a user is found by any spelling of the address, with sessions and log as the user sees them', async () => {
    const { service, email, userId, apps } = await population()
    const found = await operate(service, `/users?email=${encodeURIComponent(email.toUpperCase())}`, 'GET')
    expect(await found.json()).toMatchObject({ users: [{ id: userId, email, disabled_at: null }] })
    const by = bearer((apps[0] as Tokens).access_token)
    const own = await (await service.request('/v1/sessions', by)).json<{ sessions: { id: string }[] }>()
    const { sessions } = await (await operate(service, `/users/${userId}/sessions`, 'GET')).json<{
      sessions: { id: string }[]
    }>()
    expect(sessions.map(each => each.id).sort()).toEqual(own.sessions.map(each => each.id).sort())
    const log = await operate(service, `/users/${userId}/events`, 'GET')
    expect(await log.json()).toMatchObject(
      await (await service.request('/v1/events', by)).json().then(events),
    )
  })

  const events = (answer: unknown) => ({ events: (answer as { events: unknown[] }).events })

  it('SE-13: no user’s token and no wrong token opens any of it', async () => {
    const { service, userId, apps, signedIn } = await population()
    const calls: [string, string][] = [
      ['GET', `/users?email=a@b.test`],
      ['GET', `/users/${userId}`],
      ['DELETE', `/users/${userId}`],
      ['POST', `/users/${userId}/disable`],
      ['POST', `/users/${userId}/revoke-sessions`],
      ['GET', `/users/${userId}/sessions`],
      ['GET', `/users/${userId}/events`],
      ['GET', '/clients'],
      ['GET', '/alarms'],
    ]
    const tokens = [(apps[0] as Tokens).access_token, 'wrong', `${service.env.ADMIN_TOKEN}x`, '']
    for (const [method, path] of calls) {
      for (const token of tokens) {
        const answer = await service.request(`/admin/v1${path}`, bearer(token, { method }))
        expect([path, answer.status]).toEqual([path, 401])
      }
      expect((await signedIn.send(`/admin/v1${path}`, { method })).status).toBe(401)
    }
    expect((await whoami(service, apps[0] as Tokens)).status).toBe(200)
  })
})
