import { describe, expect, it } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { digest } from '../../src/tokens/digest.ts'
import { signInBrowser } from './support/browser.ts'
import { DB } from './support/databases.ts'
import { dump } from './support/dump.ts'
import { change, newUser, start } from './support/ledger.ts'
import { expectRefusal, MARKER, ROUTES } from './support/routes.ts'
import { admin, bearer, createService, form, freshAddress, json } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

const service = createService()
const CLIENTS = '/admin/v1/clients'
const MINIMAL = { name: 'Bank', kind: 'first_party', type: 'public', scopes: ['read'] }

const post = (changes: Readonly<Record<string, unknown>>) =>
  service.request(CLIENTS, admin(service, json({ ...MINIMAL, ...changes })))
const read = async (id: string) => service.request(`${CLIENTS}/${id}`, admin(service))

type View = Readonly<Record<string, unknown>> & {
  readonly client_id: string
  readonly client_secret?: string
}
const created = async (changes: Readonly<Record<string, unknown>>): Promise<View> => {
  const response = await post(changes)
  expect(response.status).toBe(201)
  return response.json()
}

describe('registering a client', () => {
  it('fills in the defaults of a first party', async () => {
    const client = await created({})
    expect(client.client_secret).toBeUndefined()
    expect(client).toMatchObject({
      client_id: expect.stringMatching(/^c_[\w-]{22}$/),
      name: 'Bank',
      kind: 'first_party',
      type: 'public',
      redirect_uris: [],
      post_logout_redirect_uris: [],
      link_uri: null,
      grant_types: ['authorization_code', 'refresh_token', MAGIC_LINK_GRANT],
      scopes: ['read'],
      audience: null,
      token_endpoint_auth_method: 'none',
      cors_origins: [],
      session_rule: { limit: 1, at_limit: 'replace_oldest' },
      refresh_grace_seconds: 10,
      access_token_seconds: 600,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/),
    })
    expect(await (await read(client.client_id)).json()).toEqual(client)
  })

  it('a third party gets no magic-link grant by default, and cannot be given it', async () => {
    const client = await created({ kind: 'third_party' })
    expect(client.grant_types).toEqual(['authorization_code', 'refresh_token'])
    const refused = await post({ kind: 'third_party', grant_types: [MAGIC_LINK_GRANT] })
    expect(await expectRefusal(refused, 'third party')).toBe('invalid_request')
  })

  it('TK-08: a confidential client is shown its secret once; only a digest of it is stored', async () => {
    const client = await created({ type: 'confidential' })
    const secret = client.client_secret ?? ''
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(client.token_endpoint_auth_method).toBe('client_secret_basic')
    const stored = await dump(service)
    expect(stored).toContain(await digest('client-secret', secret))
    expect(stored).not.toContain(secret)
    const [one, all] = [await read(client.client_id), await service.request(CLIENTS, admin(service))]
    for (const text of [await one.text(), await all.text()]) {
      expect(text).not.toMatch(/secret_digest|client_secret"|secretDigest/)
      expect(text).not.toContain(secret)
    }
    const used = async (password: string) => {
      const headers = {
        Authorization: `Basic ${btoa(`${client.client_id}:${password}`)}`,
        'Content-Type': 'application/x-www-form-urlencoded',
      }
      const body = { grant_type: 'refresh_token', refresh_token: 'x' }
      return (await service.request('/oauth2/token', { ...form(body), headers })).status
    }
    expect([await used(secret), await used(`${secret}A`), await used('')]).toEqual([400, 401, 401])
    expect((await created({ type: 'confidential' })).client_secret).not.toBe(secret)
  })

  it('a chosen id is taken once: 409, and the first one stays as it was', async () => {
    const client_id = `bank-${crypto.randomUUID().slice(0, 8)}`
    const first = await created({ client_id })
    expect(first.client_id).toBe(client_id)
    expect(await expectRefusal(await post({ client_id, name: MARKER }), 'again')).toBe('conflict')
    const racing = `${client_id}-2`
    const answers = await Promise.all(Array.from({ length: 5 }, () => post({ client_id: racing })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409])
    expect(await (await read(client_id)).json()).toEqual(first)
  })

  it('the built-in client cannot be made, changed or removed', async () => {
    expect(await expectRefusal(await post({ client_id: 'account' }), 'account')).toBe('built_in_client')
    const gone = await service.request(`${CLIENTS}/account`, admin(service, { method: 'DELETE' }))
    expect([gone.status, ((await gone.json()) as { code: string }).code]).toEqual([409, 'built_in_client'])
    expect(await (await read('account')).json()).toMatchObject({ client_id: 'account', grant_types: [] })
    const who = await signInBrowser(service, freshAddress())
    expect((await who.get('/account')).status).toBe(200)
  })

  it('AP-02: unknown fields change nothing and are not kept', async () => {
    const plain = await created({})
    const extra = await created({ secret_digest: MARKER, created_at: MARKER, id: MARKER, [MARKER]: true })
    const shape = (view: View) => ({ ...view, client_id: '', created_at: '' })
    expect(shape(extra)).toEqual(shape(plain))
    expect(await dump(service)).not.toContain(MARKER)
  })

  it('lists every client once, the built-in one among them; deleting one is 204, then 404', async () => {
    const { client_id } = await created({})
    const ids = async () => {
      const { clients } = (await (await service.request(CLIENTS, admin(service))).json()) as {
        clients: View[]
      }
      return clients.map(client => client.client_id)
    }
    const before = await ids()
    expect(before.filter(id => id === client_id)).toHaveLength(1)
    expect(before).toContain('account')
    const remove = () => service.request(`${CLIENTS}/${client_id}`, admin(service, { method: 'DELETE' }))
    const removed = await remove()
    expect([removed.status, await removed.text()]).toEqual([204, ''])
    expect((await ids()).sort()).toEqual(before.filter(id => id !== client_id).sort())
    expect((await read(client_id)).status).toBe(404)
    expect((await remove()).status).toBe(404)
  })
})

describe('changing a client', () => {
  it('GET says what is stored, whatever this isolate remembers of it', async () => {
    const { client_id: id } = await created({})
    const elsewhere = createService()
    elsewhere.now = service.now
    const remembered = () => elsewhere.parts.findClient(id, elsewhere.now)
    const shown = () => elsewhere.request(`${CLIENTS}/${id}`, admin(elsewhere))
    expect([(await shown()).status, await remembered()]).toMatchObject([200, { name: 'Bank' }])
    await patch(id, { name: 'Bank 2' })
    expect([await (await shown()).json(), await remembered()]).toMatchObject([
      { name: 'Bank 2' },
      { name: 'Bank' },
    ])
    await service.request(`${CLIENTS}/${id}`, admin(service, { method: 'DELETE' }))
    expect([(await shown()).status, await remembered()]).toMatchObject([404, { name: 'Bank' }])
  })

  const patch = (id: string, changes: unknown) =>
    service.request(
      `${CLIENTS}/${id}`,
      admin(service, { ...json(changes as Record<string, unknown>), method: 'PATCH' }),
    )
  const operate = (id: string, verb: string) =>
    service.request(`${CLIENTS}/${id}/${verb}`, admin(service, { method: 'POST' }))
  const isSecret = async (id: string, secret: string) => {
    const answer = await service.request(
      '/oauth2/token',
      form({ grant_type: 'refresh_token', refresh_token: 'x', client_id: id, client_secret: secret }),
    )
    return answer.status === 400
  }
  const POSTED = { type: 'confidential', token_endpoint_auth_method: 'client_secret_post' }

  it('PATCH changes what it names and nothing else; what cannot be is 400 and changes nothing', async () => {
    const before = await created({ redirect_uris: ['https://app.test/cb'], audience: 'https://api.test/' })
    const { client_id: id } = before
    const session_rule = { limit: 3, at_limit: 'refuse' }
    const named = { name: 'Bank 2', session_rule, audience: null, cors_origins: ['https://app.test'] }
    const answer = await patch(id, { ...named, client_id: id, [MARKER]: true })
    expect([answer.status, await answer.json()]).toEqual([200, { ...before, ...named }])
    for (const wrong of [
      { name: '' },
      { grant_types: null },
      { redirect_uris: ['http://app.test/cb'] },
      { kind: 'third_party' },
      { kind: 'third_party', grant_types: ['refresh_token'] },
      { type: 'confidential' },
      { client_id: 'another' },
      [],
    ]) {
      expect(await expectRefusal(await patch(id, wrong), JSON.stringify(wrong))).toBe('invalid_request')
    }
    expect(await (await read(id)).json()).toEqual({ ...before, ...named })
    expect((await patch('unknown', {})).status).toBe(404)
    expect(await expectRefusal(await patch('account', {}), 'built in')).toBe('built_in_client')
  })

  it('TK-08: a client that needs a secret from now on is shown it once; one that needs none has none', async () => {
    const { client_id: id } = await created({})
    const now = await (await patch(id, POSTED)).json<View>()
    expect(await isSecret(id, now.client_secret ?? '')).toBe(true)
    expect(await (await patch(id, { name: 'Bank 2' })).json()).not.toHaveProperty('client_secret')
    expect(await isSecret(id, now.client_secret ?? '')).toBe(true)
    const none = { type: 'public', token_endpoint_auth_method: 'none' }
    expect(await (await patch(id, none)).json()).not.toHaveProperty('client_secret')
    await patch(id, POSTED)
    expect(await isSecret(id, now.client_secret ?? '')).toBe(false)
  })

  it('TK-08: rotate-secret replaces the secret at once where that is asked for; no change beside it brings the old one back', async () => {
    const atOnce = () =>
      service.request(`${CLIENTS}/${id}/rotate-secret`, admin(service, json({ at_once: true })))
    const { client_id: id, client_secret: first = '' } = await created(POSTED)
    const { client_secret: second } = await (await atOnce()).json<{ client_secret: string }>()
    expect(second).toMatch(/^[\w-]{43}$/)
    expect([await isSecret(id, first), await isSecret(id, second)]).toEqual([false, true])
    const [rotated, ...renamed] = await Promise.all([
      atOnce(),
      patch(id, { name: 'Bank 2' }),
      patch(id, { access_token_seconds: 30 }),
    ])
    expect([rotated.status, ...renamed.map(each => each.status)]).toEqual([200, 200, 200])
    const { client_secret: third } = await rotated.json<{ client_secret: string }>()
    expect([await isSecret(id, second), await isSecret(id, third)]).toEqual([false, true])
    expect(await (await read(id)).json()).toMatchObject({ name: 'Bank 2', access_token_seconds: 30 })

    const plain = await created({})
    expect(await expectRefusal(await operate(plain.client_id, 'rotate-secret'), 'no secret')).toBe(
      'invalid_request',
    )
    expect((await operate('unknown', 'rotate-secret')).status).toBe(404)
    expect((await operate('account', 'rotate-secret')).status).toBe(409)
  })

  it('SE-13: revoke-sessions ends what the client has, of every user, and leaves the client and all others', async () => {
    const [own, other] = [await createClient(service), await createClient(service)]
    const emails = Array.from({ length: 4 }, freshAddress)
    const ended = await Promise.all(emails.map(email => signIn(service, own.client_id, email)))
    const kept = await Promise.all(emails.map(email => signIn(service, other.client_id, email)))
    expect(await (await operate(own.client_id, 'revoke-sessions')).json()).toEqual({ revoked: 4 })
    expect(await (await operate(own.client_id, 'revoke-sessions')).json()).toEqual({ revoked: 0 })
    const statusOf = async ({ access_token }: { access_token: string }) =>
      (await service.request('/ping/whoami', bearer(access_token))).status
    expect(await Promise.all(ended.map(statusOf))).toEqual([401, 401, 401, 401])
    expect(await Promise.all(kept.map(statusOf))).toEqual([200, 200, 200, 200])
    expect((await signIn(service, own.client_id, emails[0] ?? '')).user_id).toBe(ended[0]?.user_id)
    expect((await operate('unknown', 'revoke-sessions')).status).toBe(404)
  })

  it('SE-13: revoke-sessions reaches all users of a database, though more than are read at once', async () => {
    const { client_id } = await createClient(service)
    const users = 201
    for (let user = 0; user < users; user++) {
      await change(DB, await newUser(DB), start({}, client_id), service.now)
    }
    expect(await (await operate(client_id, 'revoke-sessions')).json()).toEqual({ revoked: users })
  })
})

describe('the operators’ door', () => {
  it('AP-07: opens for no user token, no cookie, no client secret and no wrong token, on any route', async () => {
    const { client_id, client_secret = '' } = await createClient(service, { type: 'confidential' })
    const tokens = await signIn(service, (await createClient(service)).client_id, freshAddress())
    const who = await signInBrowser(service, freshAddress())
    const right = String(service.env.ADMIN_TOKEN)
    const routes = ROUTES.filter(({ path }) => path.startsWith('/admin/v1/'))
    expect(routes.length).toBeGreaterThan(8)
    const before = await dump(service)
    const keys: readonly RequestInit[] = [
      {},
      bearer(tokens.access_token),
      bearer(tokens.refresh_token),
      bearer(client_secret),
      bearer(right.slice(0, -1)),
      bearer(`${right}x`),
      bearer(right.toUpperCase()),
      bearer(''),
      { headers: { Authorization: right } },
      { headers: { Authorization: `Basic ${btoa(`admin:${right}`)}` } },
      { headers: { Authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` } },
      { headers: { Authorization: `Bearer ${right} ${right}` } },
      { headers: { Authorization: `DPoP ${right}` } },
      { headers: { 'X-Admin-Token': right, Cookie: `ADMIN_TOKEN=${right}` } },
      { headers: { Cookie: `__Host-session=${who.cookie('__Host-session')}` } },
    ]
    for (const { method, path } of routes) {
      for (const key of keys) {
        const response = await service.request(path, { ...key, method })
        expect(response.headers.get('WWW-Authenticate')).toMatch(/^Bearer realm=/)
        expect(response.status).toBe(401)
        expect(await expectRefusal(response, `${method} ${path}`)).toBe('unauthorized')
      }
      expect((await service.request(`${path}?access_token=${right}&token=${right}`, { method })).status).toBe(
        401,
      )
    }
    expect(await dump(service)).toBe(before)
  })

  it('AP-07: nor is there a way around it, by the spelling of a path or the method', async () => {
    const before = await dump(service)
    const dots = ['/./admin/v1/keys', '/x/../admin/v1/keys', '/%2e/admin/v1/keys', '/admin/v1/x/../keys']
    const slashes = ['//admin/v1/keys', '/admin//v1/keys', '/admin/v1/keys/', '/admin%2fv1%2fkeys', '/admin/']
    const letters = ['/%61dmin/v1/keys', '/admin/v1/%6beys', '/%2561dmin/v1/keys', '/ADMIN/V1/KEYS']
    const ends = [
      '/admin/v1/keys%00',
      '/admin/v1/keys;x',
      '/admin/v1/keys%3F',
      '/admin/v1/%E0%A4%A',
      '/admin%ff/v1/keys',
    ]
    const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get']
    for (const path of [...dots, ...slashes, ...letters, ...ends, '/admin/v1/keys/rotate']) {
      for (const method of methods) {
        const { status } = await service.request(path, { method })
        expect([401, 404], `${method} ${path}`).toContain(status)
      }
    }
    expect(await dump(service)).toBe(before)
  })
})
