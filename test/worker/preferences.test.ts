// A user's own tightening of the clients' rules: never a loosening, and it counts from the next sign-in.
import { describe, expect, it } from 'vitest'
import { browser, signInBrowser } from './support/browser.ts'
import { type Seeded, seedSessions } from './support/many.ts'
import { bearer, createService, freshAddress, json, type Service } from './support/service.ts'
import { createClient, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedSessions } from './support/stored.ts'

const UNLIMITED = { session_rule: { limit: null, at_limit: 'replace_oldest' } }
const DEFAULTS = { one_session_per_client: false, one_device: false, notify: { new_sign_in: 'new_device' } }

const read = async (service: Service, by: Pick<Tokens, 'access_token'>) =>
  (await service.request('/v1/preferences', bearer(by.access_token))).json()
const put = (service: Service, by: Pick<Tokens, 'access_token'>, body: unknown) =>
  service.request('/v1/preferences', bearer(by.access_token, json(body, 'PUT')))
const clientsOf = async (service: Service, userId: string) =>
  (await storedSessions(service, userId)).map(session => session.client_id)

describe('GET and PUT /v1/preferences', () => {
  it('I8: PUT answers the whole, GET shows it, and the change has one event', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    expect(await read(service, tokens)).toEqual(DEFAULTS)
    const wanted = { one_session_per_client: true, one_device: true, notify: { new_sign_in: 'always' } }
    const answer = await put(service, tokens, wanted)
    expect([answer.status, await answer.json()]).toEqual([200, wanted])
    expect(await read(service, tokens)).toEqual(wanted)
    const { events } = await checkHistory(service, tokens.user_id)
    expect(eventsOfType(events, 'preference.changed')).toHaveLength(1)
  })

  it('I4: what is left out stays as it is, also when it was changed while the body was on its way', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    const { readable, writable } = new TransformStream<Uint8Array>()
    const writer = writable.getWriter()
    const headers = { 'Content-Type': 'application/json' }
    const slow = service.request(
      '/v1/preferences',
      bearer(tokens.access_token, { method: 'PUT', headers, body: readable }),
    )
    await writer.write(new TextEncoder().encode('{"notify":'))
    expect((await put(service, tokens, { one_device: true })).status).toBe(200)
    await writer.write(new TextEncoder().encode('{"new_sign_in":"never"}}'))
    await writer.close()
    const both = { ...DEFAULTS, one_device: true, notify: { new_sign_in: 'never' } }
    expect([(await slow).status, await (await slow).json()]).toEqual([200, both])
    expect(await read(service, tokens)).toEqual(both)
  })

  it('I8: what is unknown or of a wrong type is 400 and changes nothing', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    const bodies = [
      { ...DEFAULTS, one_device: 'yes' },
      { ...DEFAULTS, notify: { new_sign_in: 'sometimes' } },
      { ...DEFAULTS, one_session_per_client: null },
      [],
      null,
    ]
    for (const body of bodies) expect((await put(service, tokens, body)).status).toBe(400)
    expect(await read(service, tokens)).toEqual(DEFAULTS)
    expect((await checkHistory(service, tokens.user_id)).events).toHaveLength(1)
  })

  it('I8: a browser does it with its anti-forgery token', async () => {
    const service = createService()
    const signedIn = await signInBrowser(service, freshAddress())
    await signedIn.get('/account')
    const { headers, ...init } = json({ ...DEFAULTS, one_device: true }, 'PUT')
    const sent = { ...(headers as Record<string, string>), 'X-CSRF-Token': signedIn.csrfToken as string }
    expect((await signedIn.send('/v1/preferences', { ...init, headers: sent })).status).toBe(200)
    expect(await (await signedIn.get('/v1/preferences')).json()).toMatchObject({ one_device: true })
  })
})

describe('one session per client', () => {
  it('SE-08: ends nothing by itself; from the next sign-in on, one on that client, whatever its rule', async () => {
    const service = createService()
    const [wide, refusing] = [
      await createClient(service, UNLIMITED),
      await createClient(service, { session_rule: { limit: 3, at_limit: 'refuse' } }),
    ]
    const email = freshAddress()
    const [caller] = (await seedSessions(service, wide.client_id, email, 3)) as [Seeded]
    await seedSessions(service, refusing.client_id, email, 2)
    expect((await put(service, caller, { ...DEFAULTS, one_session_per_client: true })).status).toBe(200)
    expect(await storedSessions(service, caller.user_id)).toHaveLength(5)

    const newer = await signIn(service, wide.client_id, email)
    expect(await clientsOf(service, caller.user_id)).toEqual([
      refusing.client_id,
      refusing.client_id,
      wide.client_id,
    ])
    // Where the client itself has room, the preference replaces and does not refuse.
    await signIn(service, refusing.client_id, email)
    expect(await clientsOf(service, caller.user_id)).toEqual([wide.client_id, refusing.client_id])

    expect((await put(service, newer, DEFAULTS)).status).toBe(200)
    await signIn(service, wide.client_id, email)
    expect((await clientsOf(service, caller.user_id)).filter(id => id === wide.client_id)).toHaveLength(2)
  })

  it('SE-08: never loosens a client’s rule', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const first = await signIn(service, client_id, email)
    await put(service, first, DEFAULTS)
    await signIn(service, client_id, email)
    expect(await clientsOf(service, first.user_id)).toEqual([client_id])
  })
})

describe('one device', () => {
  it('SE-08: the next first-party sign-in ends every other first-party session, browsers too, and no app', async () => {
    const service = createService()
    const [phone, tablet] = [await createClient(service, UNLIMITED), await createClient(service, UNLIMITED)]
    const app = await createClient(service, { kind: 'third_party', grant_types: ['refresh_token'] })
    const email = freshAddress()
    const [caller] = (await seedSessions(service, phone.client_id, email, 2)) as [Seeded]
    await seedSessions(service, app.client_id, email, 2)
    const elsewhere = await signInBrowser(service, email)
    expect((await put(service, caller, { ...DEFAULTS, one_device: true })).status).toBe(200)
    expect(await storedSessions(service, caller.user_id)).toHaveLength(5)

    await signIn(service, tablet.client_id, email)
    const apps = [app.client_id, app.client_id]
    expect(await clientsOf(service, caller.user_id)).toEqual([...apps, tablet.client_id])
    expect((await elsewhere.get('/v1/sessions')).status).toBe(401)
    await signInBrowser(service, email, browser(service))
    expect(await clientsOf(service, caller.user_id)).toEqual([...apps, 'account'])
    const { events } = await checkHistory(service, caller.user_id)
    expect(eventsOfType(events, 'session.ended').every(event => event.reason === 'replaced')).toBe(true)
  })
})
