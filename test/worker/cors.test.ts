// Which pages of other origins may read which answers: those that the request's own client has registered, exactly.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { CORS_PATHS } from '../../src/http/middleware/cors.ts'
import { leakKey } from './support/leaked-key.ts'
import { ROUTES } from './support/routes.ts'
import { admin, bearer, createService, form, freshAddress, ISSUER, json } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const watch = watchDatabases()
const service = createService(watch.bindings)
const APP = 'https://app.example.test'
/** Of another client: in the union, but never the caller's own. */
const OTHER = 'http://localhost:5173'
let clientId: string
let tokens: Tokens

const UNREGISTERED = [
  ...['https://evil.test', 'null', '*', 'http://app.example.test', `${APP}:8443`, `${APP}:443`, `${APP}/`],
  ...[
    `${APP}.evil.test`,
    'https://evilapp.example.test',
    'https://sub.app.example.test',
    'https://example.test',
  ],
  ...[
    'https://APP.example.test',
    `${APP}@evil.test`,
    `${APP} ${OTHER}`,
    `${APP}, ${OTHER}`,
    'file://',
    'app.example.test',
  ],
  ...[ISSUER, 'https://localhost:5173', 'http://127.0.0.1:5173'],
]

beforeAll(async () => {
  const registration = { scopes: ['sessions', 'openid'], session_rule: { limit: null, at_limit: 'refuse' } }
  clientId = (await createClient(service, { ...registration, cors_origins: [APP] })).client_id
  await createClient(service, { cors_origins: [OTHER] })
  tokens = await signIn(service, clientId, freshAddress())
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const withOrigin = (origin: string, init: RequestInit = {}): RequestInit => {
  const headers = new Headers(init.headers)
  headers.set('Origin', origin)
  return { ...init, headers }
}
const send = (path: string, origin: string, init: RequestInit = {}) =>
  service.request(path, withOrigin(origin, init))
const preflight = (path: string, origin: string, by = service) =>
  by.request(
    path,
    withOrigin(origin, {
      method: 'OPTIONS',
      headers: { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' },
    }),
  )
const allowed = (response: Response) => response.headers.get('Access-Control-Allow-Origin')
const corsNames = (response: Response) =>
  [...response.headers.keys()].filter(name => name.startsWith('access-control'))

/** Requests of the client, answered well or not, and the status of each. */
const OWN: Record<string, readonly [number, (origin: string) => Promise<Response>]> = {
  'a refresh': [
    200,
    async origin => {
      const own = await signIn(service, clientId, freshAddress())
      const { refresh_token } = own
      return send(
        '/oauth2/token',
        origin,
        form({ grant_type: 'refresh_token', client_id: clientId, refresh_token }),
      )
    },
  ],
  'a refresh that is refused': [
    400,
    origin =>
      send(
        '/oauth2/token',
        origin,
        form({ grant_type: 'refresh_token', client_id: clientId, refresh_token: 'x' }),
      ),
  ],
  'a revocation': [200, origin => send('/oauth2/revoke', origin, form({ client_id: clientId, token: 'x' }))],
  userinfo: [200, origin => send('/oauth2/userinfo', origin, bearer(tokens.access_token))],
  whoami: [200, origin => send('/ping/whoami', origin, bearer(tokens.access_token))],
  'the list of sessions': [200, origin => send('/v1/sessions', origin, bearer(tokens.access_token))],
  'a session that is not there': [
    404,
    origin => send('/v1/sessions/s_x', origin, bearer(tokens.access_token)),
  ],
  'a mail': [
    400,
    origin =>
      send(
        '/v1/sign-ins',
        origin,
        json({
          client_id: clientId,
          email: 'a@b.test',
          scope: 'x',
          code_challenge: 'A'.repeat(43),
          code_challenge_method: 'S256',
        }),
      ),
  ],
  'a token that was rotated': [
    401,
    async origin => {
      const former = await signIn(service, clientId, freshAddress())
      await refresh(service, former)
      return send('/ping/whoami', origin, bearer(former.access_token))
    },
  ],
  'a token that has expired': [
    401,
    async origin => {
      service.now += 600
      const response = await send('/ping/whoami', origin, bearer(tokens.access_token))
      service.now -= 600
      return response
    },
  ],
}

describe('an answer', () => {
  it.each(Object.entries(OWN))(
    'WB-06: to %s is for the pages of its own client, and for no others',
    async (_, [status, ask]) => {
      const own = await ask(APP)
      expect([own.status, allowed(own), own.headers.get('Vary')]).toEqual([status, APP, 'Origin'])
      expect(own.headers.get('Access-Control-Expose-Headers')).toBe(
        'WWW-Authenticate, X-Request-Id, Retry-After',
      )
      expect(corsNames(own)).not.toContain('access-control-allow-credentials')
      for (const origin of [OTHER, 'https://evil.test', 'null']) {
        const response = await ask(origin)
        expect([response.status, corsNames(response), response.headers.get('Vary')]).toEqual([
          status,
          [],
          'Origin',
        ])
      }
    },
  )

  it.each(UNREGISTERED)('WB-06: is not for %s, nor is a preflight', async origin => {
    for (const path of ['/oauth2/token', '/ping/whoami', '/v1/sessions/current']) {
      const response = await preflight(path, origin)
      expect([response.status, corsNames(response), response.headers.get('Vary')]).toEqual([
        405,
        [],
        'Origin',
      ])
    }
    expect(corsNames(await send('/ping/whoami', origin, bearer(tokens.access_token)))).toEqual([])
  })

  it('WB-06: is for nobody where it is not known whose request it was', async () => {
    const key = await leakKey(service)
    const answers = [
      await send('/ping/whoami', APP),
      await send('/ping/whoami', APP, bearer('garbage')),
      await send('/ping/whoami', APP, bearer(await key.resign(tokens.access_token, { scope: 'x' }))),
      await send('/v1/sessions', APP, { headers: { Cookie: '__Host-session=x' } }),
      await send('/oauth2/token', APP, form({ grant_type: 'refresh_token', client_id: 'c_unknown' })),
      await send(
        '/oauth2/token',
        APP,
        form({ grant_type: 'refresh_token', client_id: clientId, client_secret: 'x' }),
      ),
    ]
    expect(answers.map(answer => [answer.status, corsNames(answer)])).toEqual(answers.map(() => [401, []]))
  })

  it('WB-06: without an Origin has nothing but Vary', async () => {
    const response = await service.request('/ping/whoami', bearer(tokens.access_token))
    expect([corsNames(response), response.headers.get('Vary')]).toEqual([[], 'Origin'])
  })
})

describe('a preflight', () => {
  it('WB-06: passes for the origins of all clients, without credentials', async () => {
    for (const path of [
      '/oauth2/token',
      '/oauth2/revoke',
      '/oauth2/userinfo',
      '/ping/whoami',
      '/v1/preferences',
    ]) {
      for (const origin of [APP, OTHER]) {
        const response = await preflight(path, origin)
        expect([response.status, await response.text(), allowed(response)]).toEqual([204, '', origin])
        expect(response.headers.get('Vary')).toBe('Origin')
        expect(response.headers.get('Access-Control-Allow-Headers')).toBe('Authorization, Content-Type, DPoP')
        expect(response.headers.get('Access-Control-Allow-Methods')).toBe('GET, POST, PUT, DELETE')
        expect(corsNames(response)).not.toContain('access-control-allow-credentials')
      }
    }
  })

  it('WB-06: without the method it asks for is no preflight', async () => {
    expect((await send('/oauth2/token', APP, { method: 'OPTIONS' })).status).toBe(405)
  })

  it('WB-06: costs a read of the database at most every ten seconds, whoever asks', async () => {
    const reads = () => watch.statements.filter(sql => sql.includes('cors_origins')).length
    const elsewhere = createService(watch.bindings)
    const before = reads()
    for (let count = 0; count < 30; count++)
      await preflight('/v1/sessions', `https://evil-${count}.test`, elsewhere)
    expect(reads()).toBe(before + 1)
    elsewhere.now += 9
    await preflight('/v1/sessions', APP, elsewhere)
    expect(reads()).toBe(before + 1)
    // What another isolate registers is known here within that time, and what it removes is gone.
    const added = 'https://added.example.test'
    const { client_id } = await createClient(service, { cors_origins: [added] })
    expect((await preflight('/v1/sessions', added)).status).toBe(204)
    expect((await preflight('/v1/sessions', added, elsewhere)).status).toBe(405)
    elsewhere.now += 1
    expect((await preflight('/v1/sessions', added, elsewhere)).status).toBe(204)
    await service.request(`/admin/v1/clients/${client_id}`, admin(service, { method: 'DELETE' }))
    expect((await preflight('/v1/sessions', added)).status).toBe(405)
    elsewhere.now += 10
    expect((await preflight('/v1/sessions', added, elsewhere)).status).toBe(405)
  })
})

describe('a path', () => {
  const isListed = (path: string) =>
    CORS_PATHS.some(([listed]) => new RegExp(`^${listed.replace('*', '.*')}$`).test(path))

  it('WB-06: of public documents may be read by anyone, without credentials', async () => {
    for (const [path] of CORS_PATHS.filter(([, readers]) => readers === 'anyone')) {
      for (const origin of [APP, 'https://evil.test', 'null']) {
        const response = await send(path, origin)
        expect([path, response.status, allowed(response), response.headers.get('Vary')]).toEqual([
          path,
          200,
          '*',
          null,
        ])
        expect(corsNames(response)).not.toContain('access-control-allow-credentials')
        expect([(await preflight(path, origin)).status, allowed(await preflight(path, origin))]).toEqual([
          204,
          '*',
        ])
      }
    }
  })

  it('AZ-07, WB-06: that is not listed has no CORS, for no origin, and pages have none', async () => {
    const others = [...ROUTES.map(({ path }) => path), '/oauth2/authorize'].filter(path => !isListed(path))
    expect(others).toEqual(
      expect.arrayContaining(['/sign-in', '/account', '/oauth2/introspect', '/oauth2/logout']),
    )
    for (const path of new Set(others)) {
      expect([path, corsNames(await preflight(path, APP))]).toEqual([path, []])
      expect([path, corsNames(await send(path, APP))]).toEqual([path, []])
    }
  })
})
