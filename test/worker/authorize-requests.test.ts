import { beforeAll, describe, expect, it } from 'vitest'
import { type App, answerOf, authorizationRequest, createApp, type Request } from './support/authorize.ts'
import { type Browser, signInBrowser } from './support/browser.ts'
import { createService, freshAddress, ISSUER } from './support/service.ts'

const service = createService()
let visitor: Browser
let app: App
beforeAll(async () => {
  visitor = await signInBrowser(service, freshAddress())
  app = await createApp(service)
})

/** How many codes there are, in all shards. */
async function codes(): Promise<number> {
  const counts = await Promise.all(
    service.parts.shards.all.map(db =>
      db.prepare('SELECT count(*) AS n FROM authorization_codes').first<number>('n'),
    ),
  )
  return counts.reduce<number>((sum, n) => sum + (n ?? 0), 0)
}

/** The user is told, and nobody is sent anywhere. */
async function expectErrorPage(path: string, from: Browser = visitor) {
  const before = await codes()
  const response = await from.get(path)
  expect(response.status).toBe(400)
  expect(response.headers.get('Location')).toBeNull()
  expect(response.headers.get('Content-Type')).toContain('text/html')
  const html = await response.text()
  expect(html).not.toContain('evil')
  expect(html).not.toContain('csrf_token')
  expect(await codes()).toBe(before)
}

describe('a redirect URI', () => {
  const registered = 'https://app.test/cb'
  it.each([
    'https://app.test/cb/',
    'https://app.test/cb?',
    'https://app.test/cb?x=1',
    'https://app.test/cb#',
    'https://app.test/cb#x',
    'https://app.test/CB',
    'https://App.test/cb',
    'https://APP.TEST/cb',
    'HTTPS://app.test/cb',
    'http://app.test/cb',
    'https://app.test:443/cb',
    'https://app.test:8443/cb',
    'https://app.test./cb',
    'https://app.test//cb',
    'https://app.test/./cb',
    'https://app.test/x/../cb',
    'https://app.test/cb/../../evil',
    'https://app.test/%63b',
    'https://app.test/cb%2F',
    'https://app.test%2Fcb',
    'https://app.test/cb%00',
    'https://app.test/cb%2e',
    'https://app.test/cb;evil',
    'https://user@app.test/cb',
    'https://app.test@evil.test/cb',
    'https://evil.test/https://app.test/cb',
    'https://evil.test?https://app.test/cb',
    'https://evil.test#https://app.test/cb',
    'https://evil.app.test/cb',
    'https://app.test.evil.test/cb',
    'https://app.testevil.test/cb',
    'https://evilapp.test/cb',
    'https://evil.test\\@app.test/cb',
    'https:\\\\app.test\\cb',
    'https:app.test/cb',
    '//app.test/cb',
    '/cb',
    ' https://app.test/cb',
    'https://app.test/cb ',
    'https://app.test/cb\t',
    'https://app.test/\ncb',
    'https://app.tes\u0442/cb',
    'https://xn--app-8cd.test/cb',
    'javascript:alert(1)//https://app.test/cb',
    'data:text/html,evil',
    'http://127.0.0.1/cb',
    'http://localhost/cb',
    'com.example.app:/cb',
    'x',
  ])('AZ-01, AZ-02: %j is not the registered one', async redirect_uri => {
    expect(app.redirectUri).toBe(registered)
    await expectErrorPage((await authorizationRequest(app, { redirect_uri })).path)
  })

  it.each(['http://127.0.0.1', 'http://[::1]'])(
    'AZ-01: on %s may have any port, and nothing else',
    async host => {
      const native = await createApp(service, { redirect_uris: [`${host}/cb`] })
      for (const port of ['', ':1', ':51004', ':65535']) {
        const { path } = await authorizationRequest(native, { redirect_uri: `${host}${port}/cb` })
        const location = (await visitor.get(path)).headers.get('Location')
        expect(location?.startsWith(`${host}${port}/cb?code=`)).toBe(true)
      }
      const wrong = [
        `${host}:0/cb`,
        `${host}:65536/cb`,
        `${host}:51004/cb/`,
        `${host}:51004/other`,
        `${host}:51004/cb?x=1`,
        `${host}:51004@evil.test/cb`,
        `${host}:051004/cb`,
        `${host}:/cb`,
        `${host}.evil.test/cb`,
        'http://localhost:51004/cb',
        'http://127.0.0.2/cb',
        'http://127.1/cb',
        'http://2130706433/cb',
        'http://[::ffff:127.0.0.1]/cb',
        'https://127.0.0.1/cb',
      ]
      for (const redirect_uri of wrong)
        await expectErrorPage((await authorizationRequest(native, { redirect_uri })).path)
    },
  )

  it('AZ-01: with a port registered is reached at any other port too, only on a loopback IP', async () => {
    const native = await createApp(service, {
      redirect_uris: ['http://127.0.0.1:3000/cb', 'https://app.test:8443/cb'],
    })
    const other = await authorizationRequest(native, { redirect_uri: 'http://127.0.0.1:4000/cb' })
    expect((await visitor.get(other.path)).headers.get('Location')).toMatch(
      /^http:\/\/127\.0\.0\.1:4000\/cb\?code=/,
    )
    await expectErrorPage(
      (await authorizationRequest(native, { redirect_uri: 'https://app.test:9443/cb' })).path,
    )
  })

  it('AZ-02: repeated, like a repeated or unknown client, is told to the user', async () => {
    const { path } = await authorizationRequest(app)
    await expectErrorPage(`${path}&redirect_uri=${encodeURIComponent(registered)}`)
    await expectErrorPage(`${path}&redirect_uri=https%3A%2F%2Fevil.test`)
    await expectErrorPage(`${path}&client_id=${app.clientId}`)
    for (const client_id of [
      null,
      '',
      'unknown',
      'account',
      '__proto__',
      'https://evil.test/client',
      "' OR 1=1 --",
    ]) {
      await expectErrorPage((await authorizationRequest(app, { client_id })).path)
    }
  })

  it('may be left out only where there is one', async () => {
    const { path } = await authorizationRequest(app, { redirect_uri: null })
    expect((await visitor.get(path)).headers.get('Location')).toMatch(/^https:\/\/app\.test\/cb\?code=/)
    const two = await createApp(service, { redirect_uris: ['https://app.test/a', 'https://app.test/b'] })
    await expectErrorPage((await authorizationRequest(two, { redirect_uri: null })).path)
    const none = await createApp(service, { redirect_uris: [] })
    await expectErrorPage((await authorizationRequest(none, { redirect_uri: null })).path)
  })
})

describe('a request that is refused', () => {
  async function expectRefusal({ path }: Pick<Request, 'path'>, error: string, state: string | null = 'st') {
    const before = await codes()
    const answer = answerOf(await visitor.get(path))
    expect(answer).toEqual({
      error,
      error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/),
      iss: ISSUER,
      ...(state === null ? {} : { state }),
    })
    expect(await codes()).toBe(before)
  }

  const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
  it.each<[string, Readonly<Record<string, string | null>>, string]>([
    ['AZ-03', { code_challenge: null }, 'invalid_request'],
    ['AZ-03', { code_challenge: '' }, 'invalid_request'],
    ['AZ-03', { code_challenge: challenge.slice(1) }, 'invalid_request'],
    ['AZ-03', { code_challenge: challenge.padEnd(129, 'A') }, 'invalid_request'],
    ['AZ-03', { code_challenge: `${challenge.slice(1)}=` }, 'invalid_request'],
    ['AZ-03', { code_challenge: `${challenge.slice(1)}+` }, 'invalid_request'],
    ['AZ-03', { code_challenge_method: null }, 'invalid_request'],
    ['AZ-03', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['AZ-03', { code_challenge_method: 's256' }, 'invalid_request'],
    ['AZ-04', { response_type: null }, 'invalid_request'],
    ['AZ-04', { response_type: 'token' }, 'unsupported_response_type'],
    ['AZ-04', { response_type: 'id_token token' }, 'unsupported_response_type'],
    ['AZ-04', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['AZ-04', { response_type: 'none' }, 'unsupported_response_type'],
    ['AZ-04', { response_mode: 'jwt' }, 'invalid_request'],
    ['AZ-04', { response_mode: 'web_message' }, 'invalid_request'],
    ['AZ-13', { scope: 'openid admin' }, 'invalid_scope'],
    ['AZ-13', { scope: 'sessions' }, 'invalid_scope'],
    ['AZ-13', { scope: 'openid  read' }, 'invalid_scope'],
    ['AZ-13', { scope: 'op"enid' }, 'invalid_scope'],
    ['OI-06', { request: 'e30.e30.' }, 'request_not_supported'],
    ['OI-06', { registration: '{}' }, 'registration_not_supported'],
    ['OI-06', { request_uri: 'https://evil.test/request' }, 'request_uri_not_supported'],
    ['OI-02', { prompt: 'none login' }, 'invalid_request'],
    ['OI-02', { prompt: 'create' }, 'invalid_request'],
    ['OI-03', { max_age: '-1' }, 'invalid_request'],
    ['OI-03', { max_age: '1.5' }, 'invalid_request'],
    ['OI-03', { max_age: 'x' }, 'invalid_request'],
    ['RF-04', { resource: 'https://unknown.test/' }, 'invalid_target'],
    ['OA-09', { dpop_jkt: 'x' }, 'invalid_request'],
    ['AP-03', { nonce: 'x'.repeat(6_000) }, 'invalid_request'],
  ])('%s: %j', async (_, changes, error) => {
    await expectRefusal(await authorizationRequest(app, changes), error)
  })

  it('AZ-06: for a parameter that is repeated, an empty one is absent, an unknown one ignored', async () => {
    const { path } = await authorizationRequest(app, {
      scope: 'openid',
      nonce: 'n',
      prompt: 'login',
      max_age: '9',
    })
    const names = [
      'response_type',
      'code_challenge',
      'code_challenge_method',
      'scope',
      'nonce',
      'prompt',
      'max_age',
    ]
    for (const name of names) {
      const value = new URL(path, ISSUER).searchParams.get(name) ?? ''
      await expectRefusal({ path: `${path}&${name}=${value}` }, 'invalid_request')
    }
    await expectRefusal({ path: `${path}&unknown=1&unknown=2` }, 'invalid_request')
    await expectRefusal({ path: `${path}&state=st` }, 'invalid_request', null)
    await expectRefusal({ path: `${path}&response_mode=query&response_mode=fragment` }, 'invalid_request')
    const plain = await authorizationRequest(app, { prompt: '', max_age: '', nonce: '', evil: '1' })
    expect(answerOf(await visitor.get(plain.path)).code).toBeDefined()
  })

  it('unauthorized_client: for a client that is not registered for codes', async () => {
    const other = await createApp(service, { grant_types: ['refresh_token'] })
    await expectRefusal(await authorizationRequest(other), 'unauthorized_client')
  })

  it('AZ-07: no answer has CORS headers or may be framed', async () => {
    const { path } = await authorizationRequest(app, { prompt: 'select_account' })
    for (const [method, at] of [
      ['GET', path],
      ['OPTIONS', path],
      ['GET', '/oauth2/authorize'],
      ['POST', path],
    ] as const) {
      const response = await visitor.send(at, {
        method,
        headers: { Origin: 'https://app.test', 'Access-Control-Request-Method': 'GET' },
      })
      expect(response.headers.get('Access-Control-Allow-Origin')).toBeNull()
      expect(response.headers.get('Access-Control-Allow-Methods')).toBeNull()
      expect(response.headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
    }
  })
})
