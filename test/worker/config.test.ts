import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createApp, realPorts } from '../../src/app.ts'
import { askByApp } from './support/ask.ts'
import { expectRefusal, ROUTES } from './support/routes.ts'
import { bearer, createService, form, freshAddress, ISSUER, type Service } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const BAD: readonly (readonly [string, Record<string, unknown>])[] = [
  ['SEALING_SECRET', { SEALING_SECRET: undefined }],
  ['DIGEST_SECRET', { DIGEST_SECRET: 'too-short-MaRkEr' }],
  ['ADMIN_TOKEN', { ADMIN_TOKEN: 'change-me-MaRkEr-0123456789-abcdefghijklmn' }],
  ['SEALING_SECRET', { SEALING_SECRET: (env as Env).DIGEST_SECRET }],
  ['ISSUER', { ISSUER: 'https://auth.test/MaRkEr' }],
  ['ISSUER', { ISSUER: 'http://MaRkEr.test' }],
  ['RATE_LIMITS', { RATE_LIMITS: 'off' }],
  ['MAIL_FROM', { MAIL_FROM: 'MaRkEr' }],
  ['EVENTS', { EVENTS: undefined }],
  ['ALARMS', { ALARMS: undefined }],
  ['RATE_LIMITER', { RATE_LIMITER: undefined }],
  ['SHARDS', { SHARDS: undefined }],
  ['SHARDS', { SHARDS: 'MaRkEr' }],
  ['SHARDS', { SHARDS: 'DB_1@5,DB@1' }],
]

describe('a service that is not configured', () => {
  it.each(BAD)(
    'CF-01: with a bad %s answers 503 everywhere and says nothing more; the log names it',
    async (name, bad) => {
      const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
      const service = createService(bad)
      for (const [path, accept] of [
        ['/health', '*/*'],
        ['/.well-known/jwks.json', '*/*'],
        ['/sign-in', 'application/json'],
        ['/v1/sessions', '*/*'],
        ['/admin/v1/clients', '*/*'],
        ['/nowhere', '*/*'],
      ] as const) {
        const headers = { Accept: accept, Authorization: `Bearer ${service.env.ADMIN_TOKEN}` }
        const response = await service.request(path, { headers })
        expect(response.status).toBe(503)
        expect(response.headers.get('Content-Type')).toBe('application/problem+json')
        expect(response.headers.get('X-Request-Id')).toMatch(/^req_/)
        const text = await response.text()
        expect(JSON.parse(text)).toMatchObject({ code: 'misconfigured', status: 503 })
        expect(text).not.toMatch(/_SECRET|_TOKEN|ISSUER|SHARDS|_LIMITS|MAIL_|MaRkEr/)
      }
      const page = await service.request('/sign-in')
      expect([page.status, page.headers.get('Content-Type')]).toEqual([503, 'text/html; charset=UTF-8'])
      const log = logged.mock.calls.map(([line]) => String(line))
      expect(log).toHaveLength(7)
      for (const line of log) {
        expect(JSON.parse(line)).toMatchObject({ reason: 'misconfigured', settings: name })
        expect(line).not.toContain('MaRkEr')
        for (const secret of ['SEALING_SECRET', 'DIGEST_SECRET', 'ADMIN_TOKEN'] as const) {
          expect(line).not.toContain(String((env as Env)[secret]))
        }
      }
    },
  )

  it('CF-01: is refused by the real entry points too: nothing is done by cron', () => {
    const app = createApp(realPorts)
    expect(() => app.parts({ ...(env as Env), ADMIN_TOKEN: '' })).toThrow(/ADMIN_TOKEN/)
  })

  it('WB-05: HSTS is sent with an https issuer, on success and on failure, and never by a loopback one', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const cases = [
      [createService(), 'max-age=63072000; includeSubDomains'],
      [createService({ ADMIN_TOKEN: 'x' }), 'max-age=63072000; includeSubDomains'],
      [createService({ ISSUER: 'http://localhost:8787' }), null],
      [createService({ ISSUER: 'http://localhost:8787', ADMIN_TOKEN: 'x' }), null],
    ] as const
    for (const [service, expected] of cases) {
      for (const path of [
        '/health',
        '/',
        '/sign-in',
        '/v1/sessions',
        '/oauth2/token',
        '/nowhere',
        '/assets/link.js',
      ]) {
        const response = await service.request(path)
        expect(response.headers.get('Strict-Transport-Security'), path).toBe(expected)
      }
    }
  })
})

describe('plain http', () => {
  const over = (service: Service, path: string, init: RequestInit = {}) =>
    service.request(`http://auth.test${path}`, init)

  it('WB-05: is refused on every route of an https issuer, and nothing is done', async () => {
    const service = createService()
    const email = freshAddress()
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, email)
    for (const { method, path } of ROUTES) {
      const headers = { Accept: 'application/json', Authorization: `Bearer ${tokens.access_token}` }
      const response = await over(service, path, { method, headers })
      expect(await expectRefusal(response, `${method} ${path}`)).toBe('https_required')
      expect(response.headers.get('Location')).toBeNull()
    }
    expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(200)
    expect((await askByApp(service, { client_id, email }, { origin: 'http://auth.test' })).status).toBe(403)
    expect(service.mails.filter(mail => mail.to === email)).toHaveLength(1)
  })

  it('WB-05: sends a person who opens a page on to the same page over https, never a form', async () => {
    const service = createService()
    for (const path of [
      '/',
      '/sign-in?continue=%2Faccount',
      '/account',
      '//evil.test',
      '/sign-in/link?token=x',
    ]) {
      const response = await over(service, path)
      if (path === '//evil.test')
        expect([response.status, response.headers.get('Location')]).toEqual([403, null])
      else expect([response.status, response.headers.get('Location')]).toEqual([301, `${ISSUER}${path}`])
      expect(response.headers.getSetCookie()).toEqual([])
    }
    for (const path of ['/sign-in', '/sign-in/link', '/sign-out']) {
      expect((await over(service, path, form({ email: freshAddress() }))).status).toBe(403)
    }
  })

  it('WB-05: is what a loopback issuer speaks', async () => {
    const service = createService({ ISSUER: 'http://localhost:8787' })
    expect((await service.request('http://localhost:8787/sign-in')).status).toBe(200)
    expect((await service.request('http://localhost:8787/health')).status).toBe(200)
  })
})
