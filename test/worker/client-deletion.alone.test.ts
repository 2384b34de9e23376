import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import { namespaceOf, workerSeenThrough } from './support/intercept.ts'
import { admin, bearer, createService, freshAddress, json } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn } from './support/sign-in.ts'

const ANOTHER = { name: 'Another', kind: 'first_party', type: 'public', scopes: ['read'] }
const slug = () => `app-${crypto.randomUUID().slice(0, 8)}`
const remove = (service: ReturnType<typeof createService>, id: string) =>
  service.request(`/admin/v1/clients/${id}`, admin(service, { method: 'DELETE' }))

describe('a deleted client', () => {
  it('SE-07: a session that began on another isolate’s cached client is swept before it is forgotten', async () => {
    const [here, elsewhere] = [createService(), createService()]
    const { client_id } = await createClient(here)
    const attempt = await requestLink(elsewhere, client_id, freshAddress())
    expect((await remove(here, client_id)).status).toBe(204)
    const late = await redeem(elsewhere, attempt)
    expect(late.status).toBe(200)
    const { access_token } = (await late.json()) as { access_token: string }

    await keepHouse(here.parts, here.now + 61)
    const refused = await here.request('/ping/whoami', bearer(access_token))
    expect(await refused.json()).toMatchObject({ code: 'session_ended', reason: 'ended_by_operator' })
    const rows = await (env as Env).DB.prepare('SELECT id FROM clients WHERE id = ?').bind(client_id).all()
    expect(rows.results).toEqual([])
  })

  it('SE-07: is gone at once, and its id may be used again when cron has swept and forgotten it', async () => {
    const service = createService()
    const client_id = slug()
    const path = `/admin/v1/clients/${client_id}`
    const again = () => service.request('/admin/v1/clients', admin(service, json({ ...ANOTHER, client_id })))
    await createClient(service, { client_id })
    expect((await again()).status).toBe(409)
    expect((await remove(service, client_id)).status).toBe(204)
    expect((await remove(service, client_id)).status).toBe(404)
    expect((await service.request(path, admin(service))).status).toBe(404)
    await keepHouse(service.parts, service.now + 59)
    expect(await (await again()).json()).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('minutes'),
    })
    await keepHouse(service.parts, service.now + 60)
    expect((await again()).status).toBe(201)
    await keepHouse(service.parts, service.now + 121)
    const found = await service.request(path, admin(service))
    expect(await found.json()).toMatchObject({ name: 'Another', scopes: ['read'] })
  })

  it('SE-07, I4: leaves nothing to the next client of its id, though its sweep broke off', async () => {
    const client_id = slug()
    let isAway = false
    const objects = namespaceOf(async (_, verb, args) => {
      if (isAway) throw new Error('away')
      return verb(...args)
    })
    const service = createService({ USER_SESSIONS: objects })
    await createClient(service, { client_id })
    const tokens = await signIn(service, client_id, freshAddress())
    isAway = true
    expect((await remove(service, client_id)).status).toBe(503)
    const again = () => service.request('/admin/v1/clients', admin(service, json({ ...ANOTHER, client_id })))
    expect((await again()).status).toBe(409)
    await keepHouse(service.parts, service.now + 61)
    expect((await again()).status).toBe(409)
    isAway = false
    await keepHouse(service.parts, service.now + 121)
    expect((await again()).status).toBe(201)
    expect(await (await refresh(service, tokens)).json()).toMatchObject({ error: 'invalid_grant' })
  })

  it('SE-07: is deleted when its sweep that broke off has come to its end, and unknown from then on', async () => {
    let isAway = false
    const objects = namespaceOf(async (_, verb, args) => {
      if (isAway) throw new Error('away')
      return verb(...args)
    })
    const service = createService({ USER_SESSIONS: objects })
    const { client_id } = await createClient(service)
    await signIn(service, client_id, freshAddress())
    const statuses: number[] = []
    for (isAway of [true, false, false]) statuses.push((await remove(service, client_id)).status)
    expect(statuses).toEqual([503, 204, 404])
  })

  it('SE-07: is forgotten once: a second run of cron beside the first leaves the next client of its id', async () => {
    const here = createService()
    await keepHouse(here.parts, here.now + 61)
    const client_id = slug()
    await createClient(here, { client_id })
    expect((await remove(here, client_id)).status).toBe(204)
    const registered: number[] = []
    const elsewhere = createService(
      workerSeenThrough(async (sql, run) => {
        if (sql[0]?.startsWith('DELETE FROM clients')) {
          await keepHouse(here.parts, here.now + 61)
          const again = json({ ...ANOTHER, client_id })
          registered.push((await here.request('/admin/v1/clients', admin(here, again))).status)
        }
        return run()
      }),
    )
    await keepHouse(elsewhere.parts, here.now + 61)
    expect(registered).toEqual([201])
    const found = await here.request(`/admin/v1/clients/${client_id}`, admin(here))
    expect(await found.json()).toMatchObject({ name: 'Another' })
  })

  it('RF-04: of which others had tokens is no resource any more', async () => {
    const service = createService()
    const resource = `https://api-${crypto.randomUUID()}.test/`
    const server = await createClient(service, { type: 'confidential', audience: resource })
    const { client_id } = await createClient(service)
    const attempt = await requestLink(service, client_id, freshAddress())
    expect((await remove(service, server.client_id)).status).toBe(204)
    const refused = await redeem(service, attempt, 'link', { resource })
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'invalid_target' }])
    expect((await redeem(service, attempt)).status).toBe(200)
  })

  it('RF-04, AZ-13: a scope that is taken from a client is in no token that it gets from then on', async () => {
    const service = createService()
    const { client_id } = await createClient(service, { scopes: ['sessions', 'read'] })
    const tokens = await signIn(service, client_id, freshAddress())
    const attempt = await requestLink(service, client_id, freshAddress())
    const narrower = admin(service, json({ scopes: ['read'] }, 'PATCH'))
    expect((await service.request(`/admin/v1/clients/${client_id}`, narrower)).status).toBe(200)
    for (const answer of [await refresh(service, tokens), await redeem(service, attempt)]) {
      expect(await answer.json()).toMatchObject({ scope: 'read' })
    }
  })
})

describe('a deleted user', () => {
  it('I7: a link that was asked for before raises no alarm, and works for whoever holds the mailbox', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const { user_id } = await signIn(service, client_id, email)
    const used = await requestLink(service, client_id, email)
    expect((await redeem(service, used)).status).toBe(200)
    const waiting = await requestLink(service, client_id, email)
    await service.request(`/admin/v1/users/${user_id}`, admin(service, { method: 'DELETE' }))

    await service.request(`/sign-in/link?token=${waiting.token}`)
    expect((await redeem(service, used)).status).toBe(400)
    const again = await redeem(service, waiting)
    expect(again.status).toBe(200)
    expect(((await again.json()) as { user_id: string }).user_id).not.toBe(user_id)
    const alarms = await service.request('/admin/v1/alarms', admin(service))
    expect(await alarms.json()).toEqual({ alarms: [] })
  })

  it('LG-05: leaves a log without device or place', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const { user_id } = await signIn(service, client_id, freshAddress(), { device_name: 'Ann’s phone' })
    await service.request(`/admin/v1/users/${user_id}`, admin(service, { method: 'DELETE' }))
    const { results } = await service.parts.shards
      .of(user_id)
      .prepare('SELECT device, place, op_id FROM user_events WHERE user_id = ? ORDER BY seq')
      .bind(user_id)
      .all()
    expect(results.length).toBeGreaterThan(1)
    for (const row of results) expect(row).toMatchObject({ device: null, place: null })
    expect(results[0]?.op_id).toMatch(/^sign-in:i_/)
  })
})

describe('preferences', () => {
  it('a part of them can be put, and putting what is there already is no event', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress())
    const put = (body: object) => service.request('/v1/preferences', bearer(access_token, json(body, 'PUT')))
    expect(await (await put({ one_device: true })).json()).toEqual({
      one_session_per_client: false,
      one_device: true,
      notify: { new_sign_in: 'new_device' },
    })
    await put({ one_device: true })
    const events = await service.request('/v1/events', bearer(access_token))
    const { events: logged } = (await events.json()) as { events: { type: string }[] }
    expect(logged.map(event => event.type)).toEqual(['preference.changed', 'session.created'])
  })
})
