// OA-06: clients that register themselves (RFC 7591, RFC 7592): by whose leave, with what, and what they cannot set.
import { beforeAll, describe, expect, it } from 'vitest'
import { DEVICE_CODE_GRANT } from '../../src/domain/client.ts'
import { CLIENT_SECRET_OVERLAP_SECONDS, REGISTRATIONS_PER_NETWORK } from '../../src/domain/limits.ts'
import { changeClient, findClient } from '../../src/store/clients.ts'
import { digest } from '../../src/tokens/digest.ts'
import { connect } from './support/authorize.ts'
import { signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { initialToken, manage, type Registered, register } from './support/registration.ts'
import { expectRefusal, MARKER } from './support/routes.ts'
import { admin, bearer, createService, form, freshAddress, freshIp, ISSUER, json } from './support/service.ts'
import { createClient } from './support/sign-in.ts'

const service = createService()
const MINIMAL = { redirect_uris: ['https://app.test/cb'], client_name: 'Ledger & Co' }
const POST = 'POST /oauth2/register'
let token = ''
beforeAll(async () => {
  token = (await initialToken(service, { description: 'tests' })).token
})

const post = (metadata: unknown) => register(service, token, metadata)

async function registered(metadata: Readonly<Record<string, unknown>> = {}): Promise<Registered> {
  const response = await post({ ...MINIMAL, ...metadata })
  expect(response.status).toBe(201)
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  return response.json()
}

/** As operators see it. */
const stored = async ({ client_id }: Registered) =>
  (await service.request(`/admin/v1/clients/${client_id}`, admin(service))).json()

describe('a client that registers itself', () => {
  it('OA-06: gets an id, a secret and a token from the server; digests of them are stored', async () => {
    const client = await registered()
    expect(client).toEqual({
      client_id: expect.stringMatching(/^c_[\w-]{22}$/),
      client_id_issued_at: service.now,
      client_secret: expect.stringMatching(/^[\w-]{43}$/),
      client_secret_expires_at: 0,
      registration_access_token: expect.stringMatching(/^[\w-]{43}$/),
      registration_client_uri: `${ISSUER}/oauth2/register/${client.client_id}`,
      ...MINIMAL,
      post_logout_redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      scope: 'openid email',
      dpop_bound_access_tokens: false,
      require_pushed_authorization_requests: false,
    })
    const rows = await dump(service)
    const { client_secret = '', registration_access_token } = client
    for (const secret of [client_secret, registration_access_token, token, token.split('.')[1] ?? ''])
      expect(rows).not.toContain(secret)
    expect(rows).toContain(await digest('client-secret', client_secret))
    expect(rows).toContain(await digest('registration-access-token', registration_access_token))
    expect(rows).toContain(await digest('initial-access-token', token.split('.')[1] ?? ''))
  })

  it('OA-06: without a secret gets none, and no name but its id; and it works', async () => {
    const client = await registered({
      client_name: null,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid',
    })
    expect(client).not.toHaveProperty('client_secret')
    expect(client).not.toHaveProperty('client_secret_expires_at')
    expect(client).toMatchObject({ client_name: client.client_id, scope: 'openid' })
    const app = {
      service,
      clientId: client.client_id,
      redirectUri: 'https://app.test/cb',
      secret: undefined,
    }
    const tokens = await connect(app, await signInBrowser(service, freshAddress()))
    expect(tokens).toMatchObject({ client_id: client.client_id, scope: 'openid' })
    expect(tokens.refresh_token).toMatch(/^r_/)
  })

  it('OA-06: cannot make itself trusted: what it may not set is ignored, and what nobody knows', async () => {
    const greedy = await registered({
      client_id: 'account',
      client_secret: MARKER,
      secret_digest: MARKER,
      id: MARKER,
      created_at: 1,
      name: MARKER,
      kind: 'first_party',
      type: 'public',
      owner: MARKER,
      trusted: true,
      scopes: ['sessions', 'admin'],
      scope: 'openid sessions admin email',
      audience: 'https://bank.test',
      link_uri: 'https://evil.test',
      session_rule: { limit: null, at_limit: 'replace_oldest' },
      access_token_seconds: 3_600,
      refresh_grace_seconds: 60,
      cors_origins: ['https://evil.test'],
      grant_types: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:latchkey:grant-type:magic-link',
        'implicit',
      ],
      response_types: ['code', 'token'],
      logo_uri: `https://evil.test/${MARKER}`,
      client_uri: `https://evil.test/${MARKER}`,
      software_statement: MARKER,
      initial_access_token: MARKER,
      registration_access_token: MARKER,
      __proto__: { kind: 'first_party' },
    })
    const plain = await registered({ grant_types: ['authorization_code', 'refresh_token'] })
    const shape = (view: unknown) => ({ ...(view as Registered), client_id: '', created_at: '' })
    expect(shape(await stored(greedy))).toEqual(shape(await stored(plain)))
    expect(await stored(greedy)).toMatchObject({ kind: 'third_party', scopes: ['openid', 'email'] })
    expect(greedy).toMatchObject({
      scope: 'openid email',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    })
    expect(await dump(service)).not.toContain(MARKER)
    expect(service.outbound).toEqual([])
  })

  const HOSTILE: readonly (readonly [code: string, metadata: unknown])[] = [
    ...[
      [],
      null,
      'https://app.test/cb',
      {},
      [MARKER],
      ['http://app.test/cb'],
      ['http://localhost/cb'],
      ['javascript:alert(1)//'],
      ['data:text/html,x'],
      ['https://app.test/#x'],
      ['https://u:p@app.test/'],
      ['https://*.app.test/'],
      ['https://app.test/cb', ` https://${MARKER}.test/`],
      [`https://app.test/${'x'.repeat(2_048)}`],
      [1],
      Array(51).fill('https://app.test/cb'),
    ].map(redirect_uris => ['invalid_redirect_uri', { redirect_uris }] as const),
    ['invalid_redirect_uri', { redirect_uris: undefined }],
    ...[
      { client_name: '' },
      { client_name: `${MARKER}\nBcc: x` },
      { client_name: 'x'.repeat(301) },
      { client_name: `${MARKER}\u202e txt.knaB` },
      { client_name: ['x'] },
      { post_logout_redirect_uris: ['javascript:alert(1)'] },
      { token_endpoint_auth_method: 'client_secret_jwt' },
      { token_endpoint_auth_method: ['none'] },
      { grant_types: ['password', MARKER] },
      { grant_types: ['client_credentials'] },
      { grant_types: [] },
      { grant_types: 'authorization_code' },
      { response_types: ['token'] },
      { response_types: 'code' },
      { scope: ['openid'] },
      { scope: 'x '.repeat(501) },
      { jwks_uri: 'http://169.254.169.254/' },
      { backchannel_logout_uri: 'http://10.0.0.1/' },
      { dpop_bound_access_tokens: 'yes' },
    ].map(metadata => ['invalid_client_metadata', metadata] as const),
  ]

  it.each(HOSTILE)('OA-06: %s for %j, and nothing is registered', async (code, metadata) => {
    const before = await dump(service)
    const response = await post({ ...MINIMAL, ...(metadata as object) })
    expect(response.status).toBe(400)
    expect(await expectRefusal(response, POST)).toBe(code)
    expect(await dump(service)).toBe(before)
  })

  it('OA-06: and what is no JSON object, in the form of the RFC', async () => {
    for (const body of [null, [], 'x', 1]) {
      expect(await expectRefusal(await post(body), POST)).toBe('invalid_client_metadata')
    }
    const asForm = await service.request('/oauth2/register', bearer(token, form({ client_name: 'x' })))
    expect([asForm.status, await asForm.json()]).toMatchObject([415, { error: 'invalid_request' }])
  })
})

describe('an initial access token', () => {
  const attempt = async (init: RequestInit) => {
    const response = await service.request('/oauth2/register', init)
    const challenge = response.headers.get('WWW-Authenticate')
    expect(response.status).toBe(401)
    expect(await expectRefusal(response, POST)).toBe('invalid_token')
    return challenge
  }

  it('OA-06: is needed: none, a wrong one, a user’s, an operator’s and a client’s own open nothing', async () => {
    const client = await registered()
    const before = await dump(service)
    expect(await attempt(json(MINIMAL))).toBe('Bearer realm="latchkey"')
    const [id] = token.split('.')
    for (const wrong of [
      'x',
      id ?? '',
      `${token}A`,
      token.slice(0, -1),
      `${id}.${'A'.repeat(43)}`,
      `it_${'A'.repeat(22)}.${'A'.repeat(43)}`,
      client.registration_access_token,
      client.client_secret ?? '',
      String(service.env.ADMIN_TOKEN),
    ]) {
      expect(await attempt(bearer(wrong, json(MINIMAL))), wrong).toMatch(/^Bearer .*error="invalid_token"$/)
    }
    expect(await dump(service)).toBe(before)
  })

  it('OA-06: is good until it expires, is used up or is deleted; what fails uses up nothing', async () => {
    const brief = await initialToken(service, { expires_in: 60 })
    const twice = await initialToken(service, { max_uses: 2 })
    expect((await register(service, twice.token, {})).status).toBe(400)
    const racing = await Promise.all(Array.from({ length: 5 }, () => register(service, twice.token, MINIMAL)))
    expect(racing.map(({ status }) => status).sort()).toEqual([201, 201, 401, 401, 401])
    const before = service.now
    service.now += 59
    expect((await register(service, brief.token, MINIMAL)).status).toBe(201)
    service.now += 1
    await attempt(bearer(brief.token, json(MINIMAL)))
    service.now = before
    const path = '/admin/v1/registration-tokens'
    const listed = await (await service.request(path, admin(service))).text()
    expect(listed).not.toContain(twice.token.split('.')[1])
    expect(listed).not.toContain('digest')
    const { registration_tokens: tokens } = JSON.parse(listed) as { registration_tokens: { id: string }[] }
    expect(tokens.find(({ id }) => id === twice.id)).toEqual({
      id: twice.id,
      description: null,
      created_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
      max_uses: 2,
      uses: 2,
    })
    const remove = () => service.request(`${path}/${brief.id}`, admin(service, { method: 'DELETE' }))
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404])
    await attempt(bearer(brief.token, json(MINIMAL)))
    for (const wrong of [{ expires_in: 0 }, { expires_in: 1e9 }, { max_uses: 0 }, { description: 1 }]) {
      expect((await service.request(path, admin(service, json(wrong)))).status).toBe(400)
    }
  })

  it('OA-06: of one network may be used so many times, right or wrong', async () => {
    const headers = { 'CF-Connecting-IP': freshIp(), 'Content-Type': 'application/json' }
    const call = () => service.request('/oauth2/register', { method: 'POST', headers, body: '{}' })
    for (let nth = 0; nth < REGISTRATIONS_PER_NETWORK; nth++) expect((await call()).status).toBe(401)
    const refused = await call()
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'rate_limited' }])
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
  })
})

describe('a registration', () => {
  it('OA-06: is read and replaced with its own token; what an operator set stays as it is', async () => {
    const client = await registered({ grant_types: ['authorization_code', 'refresh_token'] })
    const { client_secret, client_secret_expires_at, ...shown } = client
    const read = await manage(service, client, 'GET')
    expect([read.status, await read.json()]).toEqual([200, shown])
    const before = (await stored(client)) as object
    const known = () => service.parts.findClient(client.client_id, service.now)
    expect(await known()).toMatchObject({ redirect_uris: shown.redirect_uris })
    const changed = {
      client_id: client.client_id,
      client_secret,
      client_name: 'Renamed',
      redirect_uris: ['https://app.test/new'],
      scope: 'email sessions',
      kind: 'first_party',
      session_rule: { limit: null, at_limit: 'refuse' },
    }
    const answer = await manage(service, client, 'PUT', changed)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      ...shown,
      client_name: 'Renamed',
      redirect_uris: ['https://app.test/new'],
      scope: 'email',
    })
    expect(await stored(client)).toEqual({
      ...before,
      name: 'Renamed',
      redirect_uris: ['https://app.test/new'],
      scopes: ['email'],
    })
    // At once, where it was changed: what was remembered is forgotten.
    expect(await known()).toMatchObject({ redirect_uris: ['https://app.test/new'] })
    // What it has given up it does not get back by itself, and what it never had it does not get.
    const greedy = { ...changed, scope: 'openid email', grant_types: ['authorization_code', 'implicit'] }
    await manage(service, client, 'PUT', greedy)
    await manage(service, client, 'PUT', { ...greedy, grant_types: ['authorization_code', 'refresh_token'] })
    expect(await stored(client)).toMatchObject({ scopes: ['email'], grant_types: ['authorization_code'] })
    const none = await manage(service, client, 'PUT', { ...greedy, grant_types: ['refresh_token'] })
    expect(await expectRefusal(none, ' /oauth2/')).toBe('invalid_client_metadata')
  })

  it('OA-06: keeps under a replacement what an operator has given or taken', async () => {
    const client = await registered({ token_endpoint_auth_method: 'none' })
    const db = service.parts.shards.global
    const given = {
      kind: 'first_party',
      scopes: ['openid', 'read'],
      link_uri: 'https://app.test/link',
      audience: 'https://api.test/',
      cors_origins: ['https://app.test'],
      session_rule: { limit: 3, at_limit: 'refuse' },
      refresh_grace_seconds: 0,
      access_token_seconds: 30,
    } as const
    await changeClient(db, client.client_id, async before => ({ client: { ...before, ...given } }))
    const metadata = { ...MINIMAL, client_id: client.client_id, token_endpoint_auth_method: 'none' }
    const answer = await manage(service, client, 'PUT', { ...metadata, scope: 'read sessions' })
    expect(answer.status).toBe(200)
    expect(await findClient(db, client.client_id)).toMatchObject({ ...given, scopes: ['read'] })
  })

  it('OA-06: gets nothing back under a replacement that an operator has taken, and drops no demand', async () => {
    const client = await registered({ grant_types: ['authorization_code', 'refresh_token'] })
    const demands = {
      validation_mode: 'strong',
      strong_scopes: ['pay'],
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
    }
    const set = {
      ...demands,
      scopes: ['openid'],
      grant_types: ['authorization_code', DEVICE_CODE_GRANT],
    }
    const path = `/admin/v1/clients/${client.client_id}`
    const patched = await service.request(path, admin(service, { ...json(set), method: 'PATCH' }))
    expect(patched.status).toBe(200)
    const put = (metadata: object) =>
      manage(service, client, 'PUT', { ...MINIMAL, client_id: client.client_id, ...metadata })
    expect((await put({})).status).toBe(200)
    expect(await stored(client)).toMatchObject(set)
    const all = {
      scope: 'openid email',
      grant_types: ['authorization_code', 'refresh_token', DEVICE_CODE_GRANT],
      dpop_bound_access_tokens: false,
      require_pushed_authorization_requests: false,
    }
    expect((await put(all)).status).toBe(200)
    expect(await stored(client)).toMatchObject(set)
  })

  it('OA-06: that comes to need a secret gets one, and one that needs none has none', async () => {
    const client = await registered({ token_endpoint_auth_method: 'none' })
    const put = async (token_endpoint_auth_method: string) => {
      const metadata = { ...MINIMAL, client_id: client.client_id, token_endpoint_auth_method }
      return (await (await manage(service, client, 'PUT', metadata)).json()) as Registered
    }
    const first = await put('client_secret_post')
    expect(first.client_secret).toMatch(/^[\w-]{43}$/)
    expect(await put('client_secret_basic')).not.toHaveProperty('client_secret')
    expect(await put('none')).not.toHaveProperty('client_secret')
    expect((await put('client_secret_basic')).client_secret).not.toBe(first.client_secret)
  })

  it('OA-06, KY-06: is replaced beside a secret that an operator has rotated away for as long as that opens', async () => {
    const { client_secret: first = '', ...client } = await registered()
    const path = `/admin/v1/clients/${client.client_id}/rotate-secret`
    const rotated = await service.request(path, admin(service, { method: 'POST' }))
    const { client_secret: second } = await rotated.json<{ client_secret: string }>()
    const put = async (client_secret: string) => {
      const metadata = { ...MINIMAL, client_id: client.client_id, client_secret }
      return (await manage(service, client, 'PUT', metadata)).status
    }
    const before = service.now
    service.now += CLIENT_SECRET_OVERLAP_SECONDS - 1
    expect([await put(first), await put(second), await put(first)]).toEqual([200, 200, 200])
    service.now += 1
    expect([await put(first), await put(second)]).toEqual([400, 200])
    service.now = before
  })

  it('OA-06: is not for another client’s token, nor for clients of an operator, nor for a wrong identity', async () => {
    const [client, other] = [await registered(), await registered()]
    const { client_id: ofOperator } = await createClient(service)
    const metadata = { ...MINIMAL, client_id: client.client_id }
    const before = await dump(service)
    for (const { client_id, registration_access_token } of [
      { ...client, registration_access_token: other.registration_access_token },
      { ...client, registration_access_token: token },
      { ...client, registration_access_token: client.client_secret ?? '' },
      { ...client, registration_access_token: String(service.env.ADMIN_TOKEN) },
      { ...client, client_id: ofOperator },
      { ...client, client_id: 'account' },
      { ...client, client_id: 'unknown' },
    ]) {
      for (const method of ['GET', 'PUT', 'DELETE'] as const) {
        const body = method === 'PUT' ? { ...metadata, client_id } : undefined
        const response = await manage(service, { client_id, registration_access_token }, method, body)
        expect(response.headers.get('WWW-Authenticate')).toContain('error="invalid_token"')
        expect([response.status, await expectRefusal(response, ` ${'/oauth2/'}`)]).toEqual([
          401,
          'invalid_token',
        ])
      }
    }
    for (const wrong of [
      { client_id: other.client_id },
      { client_id: undefined },
      { client_secret: 'chosen by itself' },
      { client_secret: null },
      { client_secret: [client.client_secret] },
      { registration_access_token: client.registration_access_token },
      { registration_client_uri: client.registration_client_uri },
      { client_id_issued_at: 1 },
      { client_secret_expires_at: 1 },
    ]) {
      const response = await manage(service, client, 'PUT', { ...metadata, ...wrong })
      expect(await expectRefusal(response, ' /oauth2/'), JSON.stringify(wrong)).toBe('invalid_request')
    }
    const hostile = await manage(service, client, 'PUT', { ...metadata, redirect_uris: ['javascript:x'] })
    expect(await expectRefusal(hostile, ' /oauth2/')).toBe('invalid_redirect_uri')
    expect(await dump(service)).toBe(before)
  })

  it('OA-06: is deleted with its sessions; its token then opens nothing, nor what has its id later', async () => {
    const client = await registered({ token_endpoint_auth_method: 'none' })
    const redirectUri = 'https://app.test/cb'
    const app = { service, clientId: client.client_id, redirectUri, secret: undefined }
    const { access_token } = await connect(app, await signInBrowser(service, freshAddress()))
    expect((await service.request('/ping/whoami', bearer(access_token))).status).toBe(200)
    const deleted = await manage(service, client, 'DELETE')
    expect([deleted.status, await deleted.text()]).toEqual([204, ''])
    const whoami = await service.request('/ping/whoami', bearer(access_token))
    expect([whoami.status, await whoami.json()]).toMatchObject([401, { code: 'session_ended' }])
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await manage(service, client, method)).status).toBe(401)
    }
    expect((await service.request(`/admin/v1/clients/${client.client_id}`, admin(service))).status).toBe(404)
    expect(await dump(service)).not.toContain(
      await digest('registration-access-token', client.registration_access_token),
    )
  })
})
