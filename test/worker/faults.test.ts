import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCEPT_JSON, askForMail, browser, signInBrowser } from './support/browser.ts'
import { expectOurHeaders, insideOf, MARKER, ROUTES, type Route } from './support/routes.ts'
import { admin, bearer, createService, form, freshAddress, type Service } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const healthy = createService()
let clientId = ''
let tokens: Tokens
beforeAll(async () => {
  clientId = (await createClient(healthy)).client_id
  tokens = await signIn(healthy, clientId, freshAddress())
})

const logged: string[] = []
beforeEach(() => {
  logged.length = 0
  for (const level of ['info', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation(line => void logged.push(String(line)))
  }
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** A service whose databases work until told otherwise. */
function watched() {
  const watch = watchDatabases()
  return { watch, service: createService(watch.bindings) }
}

/** 503, a time to come back, and not a word about why. */
async function expectUnavailable(response: Response, asked: string): Promise<void> {
  const text = await response.text()
  expect(response.status, `${asked} -> ${text.slice(0, 200)}`).toBe(503)
  expect(Number(response.headers.get('Retry-After')), asked).toBeGreaterThan(0)
  expectOurHeaders(response)
  expect(response.headers.get('Cache-Control'), asked).toBe('no-store')
  expect(response.headers.getSetCookie().filter(line => line.startsWith('__Host-session'))).toEqual([])
  expect(insideOf(text), asked).toBeNull()
  expect(text, asked).not.toContain('is away')
  if (response.headers.get('Content-Type')?.startsWith('text/html')) return
  expect(JSON.parse(text), asked).toMatchObject({ code: 'unavailable' })
}

/** Reads why somebody was signed out, if it can; that they can sign in must not hang on it. */
const ONLY_EXPLAINS = '/sign-in'

describe('a database that is away', () => {
  it('AP-05 EB-09: is 503 with Retry-After on every route that needs it, and nothing else', async () => {
    let needing = 0
    for (const route of ROUTES.filter(each => each.method === 'GET')) {
      const asked = `GET ${route.path}`
      // A service of its own for each: nothing is cached yet.
      const { watch, service } = watched()
      const usual = await callAs(service, route)
      const broken = watched()
      broken.watch.refuses = () => true
      const response = await callAs(broken.service, route)
      const isNeeded = watch.statements.length > 0 && route.path !== ONLY_EXPLAINS
      if (isNeeded) await expectUnavailable(response, asked)
      else expect(response.status, asked).toBe(usual.status)
      needing += isNeeded ? 1 : 0
    }
    expect(needing).toBeGreaterThan(12)
    for (const line of logged) expect(line).not.toContain('storage is away')
  })

  /** As somebody signed in, with a cookie or a token of the right form. */
  async function callAs(
    service: Service,
    { method, path }: Route,
    init: RequestInit = {},
  ): Promise<Response> {
    const whole = { ...init, method }
    if (path.startsWith('/admin/')) return service.request(path, admin(service, whole))
    if (/^\/(?:v1|ping|oauth2)\//.test(path)) return service.request(path, bearer(tokens.access_token, whole))
    const who = await signInBrowser(healthy, freshAddress())
    const cookies = ['session', 'sign-in'].map(name => `__Host-${name}=${who.cookie(`__Host-${name}`)}`)
    const headers = { Cookie: cookies.join('; ') }
    const link =
      path === '/sign-in/link' ? `?token=${(await requestLink(healthy, clientId, freshAddress())).token}` : ''
    return service.request(`${path}${link}`, { ...whole, headers })
  }

  it('AP-05: is 503 for every change, and none has happened', async () => {
    const { watch, service } = watched()
    const email = freshAddress()
    const who = browser(service)
    const mail = await askForMail(service, who, email)
    const app = await requestLink(service, clientId, freshAddress())
    await who.get('/sign-in/check')
    watch.refuses = () => true
    const asJson = { 'Content-Type': 'application/json' }
    const post = (path: string, body: unknown) =>
      service.request(
        path,
        bearer(tokens.access_token, { method: 'POST', headers: asJson, body: JSON.stringify(body) }),
      )
    const answers: readonly (readonly [string, () => Promise<Response>])[] = [
      ['asking', () => who.post('/sign-in', { email: freshAddress() }, ACCEPT_JSON)],
      ['asking, as a page', () => who.post('/sign-in', { email: freshAddress() })],
      ['the link', () => who.post('/sign-in/link', { token: mail.token }, ACCEPT_JSON)],
      ['the code', () => who.post('/sign-in/code', { code: mail.code }, ACCEPT_JSON)],
      ['revoke-others', () => post('/v1/sessions/revoke-others', {})],
      ['revoke-all', () => post('/v1/sessions/revoke-all', {})],
      [
        'ending one',
        () => service.request('/v1/sessions/current', bearer(tokens.access_token, { method: 'DELETE' })),
      ],
      [
        'a new client',
        () =>
          service.request(
            '/admin/v1/clients',
            admin(service, {
              method: 'POST',
              headers: asJson,
              body: JSON.stringify({ name: MARKER, kind: 'first_party', type: 'public', scopes: [] }),
            }),
          ),
      ],
      ['the app link', () => redeem(service, app)],
      ['the app code', () => redeem(service, app, 'code')],
      ['a refresh', () => refresh(service, tokens)],
      [
        'a revocation',
        () => service.request('/oauth2/revoke', form({ client_id: clientId, token: tokens.refresh_token })),
      ],
      ['a logout', () => service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' }))],
    ]
    service.now += 11
    for (const [asked, ask] of answers) await expectUnavailable(await ask(), asked)
    service.now -= 11
    watch.refuses = () => false
    expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(200)
    const clients = await (await service.request('/admin/v1/clients', admin(service))).text()
    expect(clients).not.toContain(MARKER)
    expect((await who.post('/sign-in/link', { token: mail.token })).status).toBe(303)
    expect((await redeem(service, app)).status).toBe(200)
    expect(service.mails).toHaveLength(2)
  })

  it('CF-05: at any one statement of a sign-in spends nothing: the same link works once it is back', async () => {
    const { watch, service } = watched()
    const who = browser(service)
    const { token } = await askForMail(service, who, freshAddress())
    let [seen, failing] = [0, 0]
    watch.refuses = () => seen++ === failing
    let answer: Response
    for (failing = 0; failing < 20; failing++) {
      await who.get('/sign-in')
      seen = 0
      answer = await who.post('/sign-in/link', { token }, ACCEPT_JSON)
      if (answer.status === 303) break
      await expectUnavailable(answer, `statement ${failing}`)
    }
    expect(failing).toBeGreaterThan(0)
    expect(failing).toBeLessThan(20)
    watch.refuses = () => false
    expect((await who.get('/account')).status).toBe(200)
  })
})

describe('an object that is away', () => {
  const away = new Proxy({}, { get: () => () => Promise.reject(new Error('the object is away')) })
  const namespace = { getByName: () => away }

  it('AP-05: the user’s own: 503, nothing spent, and no false success', async () => {
    const service = createService({ USER_SESSIONS: namespace })
    const who = browser(service)
    const { token } = await askForMail(service, who, freshAddress())
    const app = await requestLink(service, clientId, freshAddress())
    await expectUnavailable(await who.post('/sign-in/link', { token }, ACCEPT_JSON), 'the link')
    await expectUnavailable(await redeem(service, app), 'the app link')
    const logout = await service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' }))
    await expectUnavailable(logout, 'a logout')
    expect((await redeem(healthy, app)).status).toBe(200)
    expect((await healthy.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(200)
  })

  it('AP-05 ML-09: the one that counts: refused, not let through, and no mail leaves', async () => {
    const service = createService({ RATE_LIMITER: namespace })
    const app = await requestLink(healthy, clientId, freshAddress())
    const who = browser(service)
    await expectUnavailable(await who.post('/sign-in', { email: freshAddress() }, ACCEPT_JSON), 'asking')
    await expectUnavailable(await who.post('/sign-in/code', { code: 'BBBB-BBBB' }, ACCEPT_JSON), 'a code')
    await expectUnavailable(await redeem(service, app), 'the app link')
    expect(service.mails).toEqual([])
    expect((await redeem(healthy, app)).status).toBe(200)
  })

  it('ML-10: a sign-in that succeeded stays one when only the memory of its network fails', async () => {
    const real = (env as Env).RATE_LIMITER
    const forgetful = {
      getByName(name: string) {
        const stub = real.getByName(name)
        return {
          hit: (limit: number, seconds: number, now: number) => stub.hit(limit, seconds, now),
          admit: (from: readonly string[], now: number) => stub.admit(from, now),
          remember: () => Promise.reject(new Error('the object is away')),
        }
      },
    }
    const service = createService({ RATE_LIMITER: forgetful })
    const who = await signInBrowser(service, freshAddress())
    expect((await who.get('/account')).status).toBe(200)
  })
})

describe('whatever else is thrown', () => {
  it('AP-05: is a plain 500 with a request id, and the log has the place but not the text', async () => {
    const service = createService({
      DB: {
        prepare: () => {
          throw new TypeError(`${MARKER} at secret.ts`)
        },
      },
    })
    const response = await service.request('/admin/v1/clients', admin(service))
    const text = await response.text()
    expect([response.status, JSON.parse(text)]).toMatchObject([500, { code: 'internal_error' }])
    expect(text).not.toContain(MARKER)
    expect(text).not.toMatch(/TypeError|\.tsx?\b|prepare/)
    expectOurHeaders(response)
    const failed = logged.map(line => JSON.parse(line)).filter(({ event }) => event === 'request.failed')
    expect(failed).toMatchObject([{ request_id: response.headers.get('X-Request-Id'), level: 'error' }])
    expect(JSON.stringify(failed)).not.toContain(MARKER)
  })
})
