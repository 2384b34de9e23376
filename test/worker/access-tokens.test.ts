// What an access token says, for how long, to whom, and how it is presented.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { alarmCount } from './support/alarms.ts'
import { claimsOf, headerOf } from './support/leaked-key.ts'
import { admin, bearer, createService, form, freshAddress, ISSUER, json } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const whoami = (init: RequestInit, query = '') => service.request(`/ping/whoami${query}`, init)
const newUri = () => `https://api-${crypto.randomUUID()}.test/v1`
const authorization = (value: string): RequestInit => ({ headers: { Authorization: value } })

describe('the claims', () => {
  it('JW-13: are these twelve and no others', async () => {
    const { client_id } = await createClient(service)
    const before = service.now
    const tokens = await signIn(service, client_id, freshAddress())
    const me = (await (await whoami(bearer(tokens.access_token))).json()) as Record<string, unknown>
    expect(me).toEqual({
      authenticated: true,
      client_id,
      user_id: tokens.user_id,
      session_id: expect.stringMatching(/^s_/),
    })
    expect(claimsOf(tokens.access_token)).toStrictEqual({
      iss: ISSUER,
      sub: tokens.user_id,
      aud: ISSUER,
      client_id,
      scope: 'sessions openid read',
      iat: before,
      exp: before + 600,
      jti: `${me.session_id}.1`,
      sid: me.session_id,
      eb: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      auth_time: before,
      amr: ['email_link'],
    })
    expect(headerOf(tokens.access_token)).toStrictEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: expect.stringMatching(/^k_/),
    })
  })

  it('JW-13: an ID token names its user by an opaque id, with no mail address', async () => {
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    expect(claimsOf(tokens.id_token ?? '')).toStrictEqual({
      iss: ISSUER,
      sub: tokens.user_id,
      aud: client_id,
      iat: service.now,
      exp: service.now + 600,
      auth_time: service.now,
      amr: ['email_link'],
      sid: claimsOf(tokens.access_token).sid,
    })
    const plain = await signIn(service, client_id, freshAddress(), { scope: 'read' })
    expect(plain).not.toHaveProperty('id_token')
  })

  it('ML-18: say how the user signed in, and never that it was with more than one factor', async () => {
    const { client_id } = await createClient(service)
    for (const [by, amr] of [
      ['link', 'email_link'],
      ['code', 'email_code'],
    ] as const) {
      const tokens = await signIn(service, client_id, freshAddress(), { by })
      service.now += 30
      const next = (await (await refresh(service, tokens)).json()) as Tokens
      for (const token of [tokens.access_token, tokens.id_token, next.access_token, next.id_token]) {
        const claims = claimsOf(token ?? '')
        expect(claims.amr).toEqual([amr])
        expect(claims).not.toHaveProperty('acr')
        expect(claims.auth_time).toBe(service.now - 30)
      }
    }
  })

  it('EB-01: every token has 32 random bytes of its own', async () => {
    const { client_id } = await createClient(service, { session_rule: { limit: 50, at_limit: 'refuse' } })
    const email = freshAddress()
    const buckets: unknown[] = []
    for (let count = 0; count < 5; count++) {
      const tokens = await signIn(service, client_id, email)
      const next = (await (await refresh(service, tokens)).json()) as Tokens
      buckets.push(claimsOf(tokens.access_token).eb, claimsOf(next.access_token).eb)
    }
    expect(new Set(buckets).size).toBe(10)
  })

  it.each([1, 90, 3_600])('JW-13, JW-06: live for access_token_seconds, here %i', async seconds => {
    const { client_id } = await createClient(service, { access_token_seconds: seconds })
    const { access_token, expires_in } = await signIn(service, client_id, freshAddress())
    const { iat, exp } = claimsOf(access_token)
    expect([Number(exp) - Number(iat), expires_in]).toEqual([seconds, seconds])
    service.now += seconds - 1
    expect((await whoami(bearer(access_token))).status).toBe(200)
    service.now += 1
    const expired = await whoami(bearer(access_token))
    expect(await expired.json()).toMatchObject({ code: 'token_expired' })
  })

  it('JW-13: no client can have tokens of more than an hour', async () => {
    const registration = { name: 'x', kind: 'first_party', type: 'public', scopes: [] }
    for (const access_token_seconds of [3_601, 0, -1, 1.5, '600']) {
      const body = json({ ...registration, access_token_seconds })
      expect((await service.request('/admin/v1/clients', admin(service, body))).status).toBe(400)
    }
  })
})

describe('the audience', () => {
  it('JW-05: is the resource asked for, else the audience of the client, else the issuer', async () => {
    const api = newUri()
    const other = newUri()
    const { client_id: plain } = await createClient(service)
    const { client_id: withAudience } = await createClient(service, { audience: api })
    await createClient(service, { audience: other })
    const audienceOf = async (clientId: string, more: Record<string, string>) => {
      const response = await redeem(
        service,
        await requestLink(service, clientId, freshAddress()),
        'link',
        more,
      )
      return claimsOf(((await response.json()) as Tokens).access_token).aud
    }
    expect(await audienceOf(plain, {})).toBe(ISSUER)
    expect(await audienceOf(plain, { resource: other })).toBe(other)
    expect(await audienceOf(withAudience, {})).toBe(api)
    expect(await audienceOf(withAudience, { resource: other })).toBe(other)
    expect(await audienceOf(withAudience, { resource: ISSUER })).toBe(ISSUER)
  })

  it('JW-05: a resource that nobody is registered for is invalid_target, and the link is not spent', async () => {
    const api = newUri()
    const { client_id } = await createClient(service, { audience: api })
    const attempt = await requestLink(service, client_id, freshAddress())
    const gone = newUri()
    const former = await createClient(service, { audience: gone })
    await service.request(`/admin/v1/clients/${former.client_id}`, admin(service, { method: 'DELETE' }))
    const unknown = [gone, `${api}/`, api.toUpperCase(), `${ISSUER}/`, `${api}#x`, 'x', "' OR 1=1 --"]
    for (const resource of unknown) {
      const response = await redeem(service, attempt, 'link', { resource })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: 'invalid_target' })
    }
    const twice = form({})
    twice.body = `grant_type=x&client_id=${client_id}&resource=${api}&resource=${api}`
    expect((await service.request('/oauth2/token', twice)).status).toBe(400)
    expect((await redeem(service, attempt)).status).toBe(200)
  })

  it('JW-05: of another resource opens nothing here but what speaks of the token itself, without an alarm', async () => {
    const { client_id } = await createClient(service, { audience: newUri() })
    const { access_token } = await signIn(service, client_id, freshAddress())
    const before = await alarmCount(service)
    const list = await service.request('/v1/sessions', bearer(access_token))
    expect(list.status).toBe(401)
    expect(await list.json()).toMatchObject({ code: 'invalid_token' })
    expect((await whoami(bearer(access_token))).status).toBe(200)
    const logout = await service.request('/oauth2/logout', bearer(access_token, { method: 'POST' }))
    expect(logout.status).toBe(204)
    expect(await (await whoami(bearer(access_token))).json()).toMatchObject({ code: 'session_ended' })
    expect(await alarmCount(service)).toBe(before)
  })
})

describe('how a token is presented', () => {
  it('OA-11: in the Authorization header, the scheme in any case', async () => {
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress())
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
      expect((await whoami(authorization(`${scheme} ${access_token}`))).status).toBe(200)
    }
  })

  it.each([undefined, 'Bearer', 'Bearer ', 'Basic eDp5', 'DPoP', 'Token abc', 'Bearerabc'])(
    'OA-11: no bearer token (%s): 401 with a challenge that has no error',
    async value => {
      for (const path of ['/ping/whoami', '/v1/sessions']) {
        const response = await service.request(path, value === undefined ? {} : authorization(value))
        expect(response.status).toBe(401)
        expect(response.headers.get('WWW-Authenticate')).toMatch(/^Bearer(?! error)/)
        expect(response.headers.get('WWW-Authenticate')).not.toContain('error')
        expect(await response.json()).toMatchObject({ code: 'unauthorized' })
      }
    },
  )

  it('OA-11: in the query or in a form, alone or beside the header: 400, and nothing happens', async () => {
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress())
    const query = `?access_token=${access_token}`
    const body = form({ access_token })
    const answers = [
      await whoami({}, query),
      await whoami(bearer(access_token), query),
      await service.request(`/v1/sessions${query}`),
      await service.request(`/v1/sessions${query}`, bearer(access_token)),
      await service.request(`/oauth2/logout${query}`, { method: 'POST' }),
      await service.request('/oauth2/logout', body),
      await service.request('/oauth2/logout', bearer(access_token, body)),
    ]
    expect(answers.map(answer => answer.status)).toEqual(answers.map(() => 400))
    for (const answer of answers) {
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer error="invalid_request"')
      expect(await answer.json()).toMatchObject({ code: 'invalid_request' })
    }
    expect((await whoami(bearer(access_token))).status).toBe(200)
  })

  it('OA-11: without the scope of an endpoint: 403 insufficient_scope', async () => {
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress(), { scope: 'read' })
    const response = await service.request('/v1/sessions', bearer(access_token))
    expect(response.status).toBe(403)
    expect(response.headers.get('WWW-Authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="sessions"',
    )
    expect(await response.json()).toMatchObject({ code: 'insufficient_scope' })
  })

  it('OA-11: what is refused gets the same form everywhere', async () => {
    const response = await whoami(bearer('garbage'))
    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer error="invalid_token"')
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await response.json()).toStrictEqual({
      type: 'urn:latchkey:problem:invalid_token',
      title: expect.any(String),
      status: 401,
      code: 'invalid_token',
      detail: expect.any(String),
      request_id: response.headers.get('X-Request-Id'),
    })
  })
})
