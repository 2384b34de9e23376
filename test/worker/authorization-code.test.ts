import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { PUSHED_REQUESTS_PER_NETWORK } from '../../src/domain/limits.ts'
import { pkceChallenge } from '../../src/tokens/digest.ts'
import { type App, connect, createApp, exchange, getCode } from './support/authorize.ts'
import { type Browser, browser, signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { admin, bearer, createService, freshAddress, freshIp, json } from './support/service.ts'
import { createClient, refresh, type Tokens, verifier } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedEvents, storedSessions } from './support/stored.ts'

const service = createService()
let app: App
let visitor: Browser
beforeAll(async () => {
  app = await createApp(service)
  visitor = await signInBrowser(service, freshAddress())
})

const isAccepted = async ({ access_token }: Pick<Tokens, 'access_token'>): Promise<boolean> =>
  (await service.request('/ping/whoami', bearer(access_token))).status === 200

async function expectInvalidGrant(response: Response, error = 'invalid_grant') {
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error })
}

describe('a code', () => {
  it('starts a session of its client, beside the browser session', async () => {
    const tokens = await connect(app, visitor, { scope: 'openid read' })
    const claims = decodeJwt(tokens.access_token)
    expect(claims).toMatchObject({ client_id: app.clientId, scope: 'openid read', amr: ['email_link'] })
    const clients = (await storedSessions(service, tokens.user_id)).map(session => session.client_id)
    expect(clients.toSorted()).toEqual(['account', app.clientId].toSorted())
    await checkHistory(service, tokens.user_id)
  })

  it('I9, TK-11: is long, unique, and stored as a digest', async () => {
    const { code } = await getCode(app, visitor)
    expect(code.length).toBeGreaterThanOrEqual(2 + 2 + 43)
    expect((await getCode(app, visitor)).code).not.toBe(code)
    const stored = await dump(service)
    expect(stored).not.toContain(code)
    expect(stored).not.toContain(code.slice(4))
  })

  it.each([
    [59, 200],
    [60, 400],
  ])('TK-04: after %i seconds is answered %i', async (seconds, status) => {
    const got = await getCode(app, visitor)
    service.now += seconds
    expect((await exchange(app, got)).status).toBe(status)
  })

  it('TK-04, TK-05, TK-03: is bound to client, redirect URI, challenge and resource, and a wrong try spends nothing', async () => {
    const other = await createApp(service)
    const got = await getCode(app, visitor)
    const changes: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
      [{ client_id: other.clientId }, 'invalid_grant'],
      [{ redirect_uri: 'https://app.test/other' }, 'invalid_grant'],
      [{ redirect_uri: 'https://app.test/cb/' }, 'invalid_grant'],
      [{ code_verifier: verifier() }, 'invalid_grant'],
      [{ code_verifier: '' }, 'invalid_request'],
      [{ code_verifier: 'short' }, 'invalid_request'],
      [{ code_verifier: `${verifier()}=` }, 'invalid_request'],
      [{ resource: 'https://other.test/' }, 'invalid_target'],
      [{ code: '' }, 'invalid_request'],
      [{ code: 'x' }, 'invalid_grant'],
      [{ code: `${got.code}x` }, 'invalid_grant'],
      [{ code: got.code.replace(/.$/, last => (last === 'A' ? 'B' : 'A')) }, 'invalid_grant'],
    ]
    for (const [change, error] of changes) await expectInvalidGrant(await exchange(app, got, change), error)
    expect((await exchange(app, got)).status).toBe(200)
  })

  it('may be exchanged without repeating the redirect URI (OAuth 2.1 §4.1.3)', async () => {
    expect((await exchange(app, await getCode(app, visitor), { redirect_uri: '' })).status).toBe(200)
  })

  it('TK-02: used again by whoever knows the verifier ends what it produced, with a reason and an alarm', async () => {
    const got = await getCode(app, visitor)
    const tokens = (await (await exchange(app, got)).json()) as Tokens
    await expectInvalidGrant(await exchange(app, got))
    const refused = await service.request('/ping/whoami', bearer(tokens.access_token))
    expect(await refused.json()).toMatchObject({ code: 'session_ended', reason: 'code_reused' })
    await expectInvalidGrant(await refresh(service, tokens))
    const { alarms } = (await (await service.request('/admin/v1/alarms', admin(service))).json()) as {
      alarms: { kind: string; client_id: string }[]
    }
    expect(alarms).toContainEqual(expect.objectContaining({ kind: 'code.reused', client_id: app.clientId }))
    expect(await isAccepted(await connect(app, visitor))).toBe(true)
  })

  it('TK-02: used again after it has expired ends what it produced, too', async () => {
    const got = await getCode(app, visitor)
    const tokens = (await (await exchange(app, got)).json()) as Tokens
    service.now += 61
    await expectInvalidGrant(await exchange(app, got))
    expect(await isAccepted(tokens)).toBe(false)
  })

  it('TK-03: replayed with a wrong verifier, client or secret ends nothing', async () => {
    const secretive = await createApp(service, {
      type: 'confidential',
      token_endpoint_auth_method: 'client_secret_post',
    })
    const got = await getCode(secretive, visitor)
    const tokens = (await (await exchange(secretive, got)).json()) as Tokens
    await expectInvalidGrant(await exchange(secretive, got, { code_verifier: verifier() }))
    expect((await exchange(secretive, got, { client_secret: verifier() })).status).toBe(401)
    expect((await exchange(secretive, got, { client_id: app.clientId })).status).toBe(401)
    await expectInvalidGrant(await exchange(app, got))
    expect(await isAccepted(tokens)).toBe(true)
  })

  it('TK-02, I3: of fifty uses at once one succeeds, and the second has ended it', async () => {
    const got = await getCode(app, visitor)
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(app, got)))
    const won = answers.filter(answer => answer.status === 200)
    expect(won).toHaveLength(1)
    for (const lost of answers.filter(answer => answer.status !== 200)) await expectInvalidGrant(lost)
    const tokens = (await won[0]?.json()) as Tokens
    expect(await isAccepted(tokens)).toBe(false)
    const events = await storedEvents(service, tokens.user_id)
    expect(
      eventsOfType(events, 'session.ended').filter(event => event.reason === 'code_reused').length,
    ).toBeGreaterThan(0)
    await checkHistory(service, tokens.user_id)
  })
})

describe('TK-12: between code and exchange', () => {
  const thirdParty = () => createApp(service, { kind: 'third_party' })

  it('a user who signs out there gets nothing', async () => {
    const leaving = await signInBrowser(service, freshAddress())
    const got = await getCode(app, leaving)
    await leaving.post('/sign-out')
    await expectInvalidGrant(await exchange(app, got))
  })

  it('a user who is disabled gets nothing', async () => {
    const email = freshAddress()
    const leaving = await signInBrowser(service, email)
    const got = await getCode(app, leaving)
    const found = await service.request(`/admin/v1/users?email=${email}`, admin(service))
    const { users } = (await found.json()) as { users: { id: string }[] }
    await service.request(`/admin/v1/users/${users[0]?.id}/disable`, admin(service, { method: 'POST' }))
    await expectInvalidGrant(await exchange(app, got))
  })

  it('a user who withdraws the consent gets nothing', async () => {
    const other = await thirdParty()
    const got = await getCode(other, visitor)
    await visitor.post('/account/apps/withdraw', { client_id: other.clientId })
    await expectInvalidGrant(await exchange(other, got))
  })

  it('RF-04, AZ-13: a client that a scope was taken from meanwhile does not get it', async () => {
    const other = await createApp(service)
    const got = await getCode(other, visitor)
    const narrower = admin(service, json({ scopes: ['openid'] }, 'PATCH'))
    expect((await service.request(`/admin/v1/clients/${other.clientId}`, narrower)).status).toBe(200)
    expect(await (await exchange(other, got)).json()).toMatchObject({ scope: 'openid' })
  })

  it('a client that is removed gets nothing', async () => {
    const other = await createApp(service)
    const got = await getCode(other, visitor)
    await service.request(`/admin/v1/clients/${other.clientId}`, admin(service, { method: 'DELETE' }))
    expect((await exchange(other, got)).status).toBe(401)
  })
})

describe('the rule of the client', () => {
  it('I2, SE-08: holds where the code is exchanged', async () => {
    const owner = await signInBrowser(service, freshAddress())
    const first = await connect(app, owner)
    const second = await connect(app, owner)
    const replaced = await service.request('/ping/whoami', bearer(first.access_token))
    expect(await replaced.json()).toMatchObject({ code: 'session_replaced' })
    expect(await isAccepted(second)).toBe(true)
    const refusing = await createApp(service, { session_rule: { limit: 1, at_limit: 'refuse' } })
    const kept = await connect(refusing, owner)
    const refused = await exchange(refusing, await getCode(refusing, owner))
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: 'access_denied', code: 'session_limit_reached' })
    expect(await isAccepted(kept)).toBe(true)
  })
})

describe('connected apps', () => {
  it('AZ-11: are listed, and withdrawing ends the tokens given to them', async () => {
    const name = '<b>Ledger</b>'
    const other = await createApp(service, { kind: 'third_party', name })
    const owner = await signInBrowser(service, freshAddress())
    const tokens = await connect(other, owner, { scope: 'openid email' })
    const page = await (await owner.get('/account')).text()
    expect(page).toContain('&lt;b&gt;Ledger&lt;/b&gt;')
    expect(page).toContain('see your email address')
    const withdrawn = await owner.post('/account/apps/withdraw', { client_id: other.clientId })
    expect(withdrawn.headers.get('Location')).toBe('/account?notice=app_disconnected')
    const refused = await service.request('/ping/whoami', bearer(tokens.access_token))
    expect(await refused.json()).toMatchObject({ code: 'session_ended', reason: 'consent_withdrawn' })
    await expectInvalidGrant(await refresh(service, tokens))
    expect(await (await owner.get('/account')).text()).not.toContain('see your email address')
    const types = (await storedEvents(service, tokens.user_id)).map(event => event.type)
    expect(types.slice(-4)).toEqual([
      'consent.granted',
      'session.created',
      'session.ended',
      'consent.withdrawn',
    ])
    await checkHistory(service, tokens.user_id)
  })

  it('AZ-11, I3: are no app of anybody else, and first-party sessions stay', async () => {
    const owner = await signInBrowser(service, freshAddress())
    const tokens = await connect(app, owner)
    await owner.post('/account/apps/withdraw', { client_id: app.clientId })
    expect(await isAccepted(tokens)).toBe(true)
    const stranger = browser(service)
    const sent = await stranger.post('/account/apps/withdraw', { client_id: app.clientId })
    expect(sent.headers.get('Location')).toBe('/sign-in')
  })
})

describe('OA-08: a pushed request', () => {
  const push = async (
    from: App,
    changes: Readonly<Record<string, string>> = {},
    more: Readonly<Record<string, string>> = {},
  ) => {
    const codeVerifier = verifier()
    const body = new URLSearchParams({
      response_type: 'code',
      client_id: from.clientId,
      ...(from.secret === undefined ? {} : { client_secret: from.secret }),
      redirect_uri: from.redirectUri,
      code_challenge: await pkceChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state: 'pushed',
      scope: 'read',
      ...changes,
    })
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...more }
    const response = await service.request('/oauth2/par', { method: 'POST', headers, body: body.toString() })
    return { response, codeVerifier }
  }
  const start = (from: App, uri: string, more = '') =>
    visitor.get(`/oauth2/authorize?client_id=${from.clientId}&request_uri=${encodeURIComponent(uri)}${more}`)
  const pushed = async (from: App) => {
    const { response, codeVerifier } = await push(from)
    expect(response.status).toBe(201)
    const { request_uri, expires_in } = (await response.json()) as { request_uri: string; expires_in: number }
    expect(expires_in).toBe(60)
    return { uri: request_uri, codeVerifier }
  }

  it('counts as it was pushed, whatever stands beside it, and once; looking with HEAD uses nothing up', async () => {
    const { uri, codeVerifier } = await pushed(app)
    const before = await dump(service)
    const query = new URLSearchParams({ client_id: app.clientId, request_uri: uri })
    const looked = await visitor.send(`/oauth2/authorize?${query}`, { method: 'HEAD' })
    expect([looked.status, await looked.text(), await dump(service)]).toEqual([200, '', before])
    const response = await start(app, uri, '&state=evil&scope=openid&redirect_uri=https://evil.test')
    const answer = new URL(response.headers.get('Location') ?? '').searchParams
    expect(answer.get('state')).toBe('pushed')
    const tokens = await exchange(app, { code: answer.get('code') ?? '', codeVerifier })
    expect(await tokens.json()).toMatchObject({ scope: 'read' })
    expect((await start(app, uri)).status).toBe(400)
  })

  it('is its own client’s, expires, and cannot be invented', async () => {
    const other = await createApp(service)
    const { uri } = await pushed(app)
    expect((await start(other, uri)).status).toBe(400)
    expect((await start(app, `${uri.slice(0, -1)}-`)).status).toBe(400)
    service.now += 60
    expect((await start(app, uri)).status).toBe(400)
  })

  it('is checked like any other, with the client authenticated, and nothing is stored otherwise', async () => {
    const secretive = await createApp(service, {
      type: 'confidential',
      token_endpoint_auth_method: 'client_secret_post',
    })
    expect((await push({ ...secretive, secret: 'wrong' })).response.status).toBe(401)
    for (const [changes, error] of [
      [{ redirect_uri: 'https://evil.test/cb' }, 'invalid_request'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ scope: 'admin' }, 'invalid_scope'],
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'request_uri_not_supported'],
    ] as const) {
      await expectInvalidGrant((await push(app, changes)).response, error)
    }
    const { uri } = await pushed(secretive)
    expect(await dump(service)).not.toContain(secretive.secret ?? '')
    expect((await start(secretive, uri)).headers.get('Location')).toContain('code=')
  })

  it('takes no more room than one in an address, and a network has only so many in the name of public clients', async () => {
    const long = await push(app, { unknown: 'x'.repeat(12_000) })
    await expectInvalidGrant(long.response, 'invalid_request')
    const ip = freshIp()
    const there = { 'CF-Connecting-IP': ip }
    const { limits } = service.parts
    const uses = Array.from({ length: PUSHED_REQUESTS_PER_NETWORK }, () =>
      limits.forPushedRequest(ip, service.now),
    )
    await Promise.all(uses)
    const { response } = await push(app, {}, there)
    expect([response.status, response.headers.has('Retry-After')]).toEqual([429, true])
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable', code: 'rate_limited' })
    const method = 'client_secret_post'
    const server = await createApp(service, { type: 'confidential', token_endpoint_auth_method: method })
    expect((await push(server, {}, there)).response.status).toBe(201)
    expect((await push(app)).response.status).toBe(201)
  })

  it('may be required of a client', async () => {
    const registration = {
      require_pushed_authorization_requests: true,
      redirect_uris: ['https://app.test/cb'],
    }
    const strict = {
      ...app,
      clientId: (await createClient(service, { ...registration, scopes: ['read'] })).client_id,
    }
    const { uri } = await pushed(strict)
    expect((await start(strict, uri)).headers.get('Location')).toContain('code=')
    const plain = await getCode(strict, visitor, { scope: 'read' }).catch(String)
    expect(plain).toContain('invalid_request')
  })
})
