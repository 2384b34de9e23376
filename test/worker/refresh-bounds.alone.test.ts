// How far a refresh token reaches: scope, resource, client, time, and whatever else ends it.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { alarmCount } from './support/alarms.ts'
import { dump } from './support/dump.ts'
import { claimsOf } from './support/leaked-key.ts'
import { refreshing } from './support/refreshing.ts'
import { admin, bearer, createService, form, freshAddress, ISSUER, json } from './support/service.ts'
import { createClient, redeem, requestLink, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
const DAY = 86_400
let clientId: string

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const { whoami, isLive, use, refused, endings } = refreshing(service)
const start = (client = clientId) => signIn(service, client, freshAddress())

describe('what is asked for', () => {
  it('RF-04: a narrower scope is given, and the next refresh can have all of it again', async () => {
    const first = await start()
    const narrow = await use(first, { scope: 'read' })
    expect([narrow.scope, claimsOf(narrow.access_token).scope]).toEqual(['read', 'read'])
    expect(narrow).not.toHaveProperty('id_token')
    expect((await service.request('/v1/sessions', bearer(narrow.access_token))).status).toBe(403)
    const full = await use(narrow)
    expect([full.scope, claimsOf(full.access_token).scope]).toEqual([first.scope, first.scope])
  })

  it('RF-04: a wider scope is invalid_scope, and nothing is spent', async () => {
    const first = await signIn(service, clientId, freshAddress(), { scope: 'read' })
    for (const scope of ['read sessions', 'sessions', 'admin', 'read  read', 'read\tsessions', '"read"']) {
      expect(await refused(first, { scope })).toBe('invalid_scope')
    }
    expect(await isLive(first)).toBe(true)
    expect((await use(first)).scope).toBe('read')
  })

  it('RF-04: a session that began for a resource stays with it: another is invalid_target, and nothing is spent', async () => {
    const [mine, other] = [1, 2].map(() => `https://api-${crypto.randomUUID()}.test`) as [string, string]
    for (const audience of [mine, other]) await createClient(service, { audience })
    const attempt = await requestLink(service, clientId, freshAddress())
    const first = (await (await redeem(service, attempt, 'link', { resource: mine })).json()) as Tokens
    expect(await refused(first, { resource: other })).toBe('invalid_target')
    expect(await isLive(first)).toBe(true)
    const here = await use(first, { resource: ISSUER })
    const again = await use(here)
    expect([here, again].map(({ access_token }) => claimsOf(access_token).aud)).toEqual([ISSUER, mine])
    expect([await isLive(first), await isLive(here), await isLive(again)]).toEqual([false, true, true])
    expect(await refused(again, { resource: other })).toBe('invalid_target')
    expect(claimsOf((await use(again, { resource: mine })).access_token).aud).toBe(mine)
  })

  it('RF-04: in the grace the same successor, for the same resource only', async () => {
    const audience = `https://api-${crypto.randomUUID()}.test`
    await createClient(service, { audience })
    const first = await start()
    const second = await use(first, { resource: audience })
    expect((await use(first, { resource: audience })).access_token).toBe(second.access_token)
    expect(await refused(first)).toBe('invalid_target')
    expect(await refused(first, { resource: ISSUER })).toBe('invalid_target')
    expect([await isLive(first), await isLive(second)]).toEqual([true, true])
  })

  it('RF-04: a refresh for one resource retires the former token of that resource only', async () => {
    const audience = `https://api-${crypto.randomUUID()}.test`
    await createClient(service, { audience })
    const own = await start()
    const api = await use(own, { resource: audience })
    expect(claimsOf(api.access_token).aud).toBe(audience)
    expect([await isLive(own), await isLive(api)]).toEqual([true, true])
    const nextApi = await use(api, { resource: audience })
    expect(await (await whoami(api.access_token)).json()).toMatchObject({ code: 'token_rotated' })
    expect([await isLive(own), await isLive(nextApi)]).toEqual([true, true])
    const nextOwn = await use(nextApi)
    expect(claimsOf(nextOwn.access_token).aud).toBe(ISSUER)
    expect([await isLive(own), await isLive(nextApi), await isLive(nextOwn)]).toEqual([false, true, true])
    expect(await refused(nextOwn, { resource: 'https://unknown.test' })).toBe('invalid_target')
    await service.request('/oauth2/logout', bearer(nextOwn.access_token, { method: 'POST' }))
    for (const { access_token } of [nextApi, nextOwn]) {
      expect(await (await whoami(access_token)).json()).toMatchObject({ code: 'session_ended' })
    }
  })
})

describe('the client', () => {
  const basic = (id: string, secret: string) => ({ Authorization: `Basic ${btoa(`${id}:${secret}`)}` })

  /** Every way of presenting id and secret, and none. */
  const ways = (
    id: string,
    secret: string,
  ): Record<string, readonly [Record<string, string>, Record<string, string>]> => ({
    basic: [basic(id, secret), {}],
    post: [{}, { client_id: id, client_secret: secret }],
    both: [basic(id, secret), { client_id: id, client_secret: secret }],
    'id only': [{}, { client_id: id }],
    nothing: [{}, {}],
    'basic, wrong secret': [basic(id, `${secret}x`), {}],
    'basic, no secret': [basic(id, ''), {}],
    'basic, another client': [basic(id, secret), { client_id: clientId }],
    'basic, malformed': [{ Authorization: 'Basic %%%' }, {}],
    'post, wrong secret': [{}, { client_id: id, client_secret: `${secret}x` }],
    'post, empty secret': [{}, { client_id: id, client_secret: '' }],
  })

  it.each([
    ['client_secret_basic', 'basic'],
    ['client_secret_post', 'post'],
  ])('TK-06, RF-04: that is registered for %s authenticates in no other way', async (method, right) => {
    const { client_id, client_secret = '' } = await createClient(service, {
      type: 'confidential',
      token_endpoint_auth_method: method,
      grant_types: ['refresh_token', MAGIC_LINK_GRANT],
    })
    const attempt = await requestLink(service, client_id, freshAddress())
    const send = (way: string, fields: Record<string, string>) => {
      const [headers, more] = ways(client_id, client_secret)[way] ?? [{}, {}]
      const init = form({ ...fields, ...more })
      return service.request('/oauth2/token', {
        ...init,
        headers: { ...(init.headers as object), ...headers },
      })
    }
    const link = { grant_type: MAGIC_LINK_GRANT, token: attempt.token, code_verifier: attempt.codeVerifier }
    const { refresh_token } = (await (await send(right, link)).json()) as Tokens
    const fields = { grant_type: 'refresh_token', refresh_token }
    for (const way of Object.keys(ways('', '')).filter(name => name !== right)) {
      const response = await send(way, fields)
      const { error } = (await response.json()) as { error: string }
      const isDouble = way === 'both' || way === 'basic, another client'
      expect([way, response.status, error]).toEqual(
        isDouble ? [way, 400, 'invalid_request'] : [way, 401, 'invalid_client'],
      )
      const challenge = response.headers.get('WWW-Authenticate')
      if (error === 'invalid_client') expect(challenge !== null).toBe(way.startsWith('basic'))
    }
    expect((await send(right, fields)).status).toBe(200)
  })

  it('TK-06: that is public does not become another by a secret', async () => {
    const tokens = await start()
    for (const client_secret of ['x', 'A'.repeat(43)]) {
      const fields = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: clientId }
      const response = await service.request('/oauth2/token', form({ ...fields, client_secret }))
      expect(response.status).toBe(401)
    }
    expect(await isLive(await use(tokens))).toBe(true)
  })

  it('TK-10: that is not registered for the grant has no refresh token, and cannot use one', async () => {
    const { client_id } = await createClient(service, { grant_types: [MAGIC_LINK_GRANT] })
    const tokens = await start(client_id)
    expect(tokens).not.toHaveProperty('refresh_token')
    const { refresh_token } = await start()
    expect(await refused({ client_id, refresh_token })).toBe('unauthorized_client')
  })
})

describe('time', () => {
  it('RF-05: seven days without a use are the end', async () => {
    const [used, unused] = [await start(), await start()]
    service.now += 7 * DAY - 1
    const next = await use(used)
    service.now += 1
    expect(await refused(unused)).toBe('invalid_grant')
    await keepHouse(service.parts, service.now)
    expect(await endings(unused)).toMatchObject([{ reason: 'expired', by: { kind: 'system' } }])
    expect(await isLive(await use(next))).toBe(true)
  })

  it('RF-05: thirty days are the end, however often it is used, for access tokens too', async () => {
    const first = await start()
    const end = service.now + 30 * DAY
    let newest = first
    for (let day = 6; day < 30; day += 6) {
      service.now = end - (30 - day) * DAY
      newest = await use(newest)
    }
    service.now = end - 60
    newest = await use(newest)
    expect([newest.expires_in, claimsOf(newest.access_token).exp]).toEqual([60, end])
    service.now = end - 1
    expect(await isLive(newest)).toBe(true)
    service.now = end
    expect(await refused(newest)).toBe('invalid_grant')
    expect(await (await whoami(newest.access_token)).json()).toMatchObject({ code: 'token_expired' })
  })
})

describe('whatever ends a session', () => {
  const post = (path: string, init: RequestInit = {}) =>
    service.request(path, admin(service, { method: 'POST', ...init }))

  const ENDS: Record<string, (tokens: Tokens, email: string) => Promise<unknown>> = {
    'signing out': tokens =>
      service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' })),
    'a newer sign-in': (_, email) => signIn(service, clientId, email),
    'signing out everywhere': tokens =>
      service.request('/v1/sessions/revoke-all', bearer(tokens.access_token, json({}))),
    'an operator': tokens => post(`/admin/v1/users/${tokens.user_id}/revoke-sessions`),
    'disabling the user': tokens => post(`/admin/v1/users/${tokens.user_id}/disable`),
    'disabling and enabling the user': async tokens => {
      await post(`/admin/v1/users/${tokens.user_id}/disable`)
      await post(`/admin/v1/users/${tokens.user_id}/enable`)
    },
    'deleting the user': tokens => post(`/admin/v1/users/${tokens.user_id}`, { method: 'DELETE' }),
  }

  it.each(Object.entries(ENDS))(
    'RF-05: %s ends its refresh tokens, spent ones too, without an alarm',
    async (_, end) => {
      const email = freshAddress()
      const first = await signIn(service, clientId, email)
      const second = await use(first)
      const before = await alarmCount(service)
      await end(second, email)
      for (const later of [0, 11, 3_600]) {
        service.now += later
        expect([await refused(first), await refused(second)]).toEqual(['invalid_grant', 'invalid_grant'])
      }
      expect(await alarmCount(service)).toBe(before)
    },
  )
})

it('RF-05, I9: no refresh token stands in the database, nor what opens its sealed successor', async () => {
  const first = await start()
  const second = await use(first)
  const rows = await dump(service)
  expect(rows).toContain(String(claimsOf(first.access_token).sid))
  for (const { refresh_token, access_token } of [first, second]) {
    const secret = refresh_token.split('.')[2] ?? ''
    for (const text of [refresh_token, secret, secret.slice(0, 43), secret.slice(43), access_token]) {
      expect(rows).not.toContain(text)
    }
  }
})
