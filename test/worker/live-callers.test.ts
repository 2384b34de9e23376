// Who may listen, and how a handshake is answered.
import { beforeAll, describe, expect, it } from 'vitest'
import { type Browser, browser, SAME_ORIGIN, signInBrowser } from './support/browser.ts'
import {
  byHeader,
  bySubprotocol,
  EVENT_STREAM,
  endSession,
  handshake,
  LIVE,
  UPGRADE,
} from './support/live.ts'
import { expectOurHeaders, expectRefusal } from './support/routes.ts'
import { bearer, createService, freshAddress, ISSUER } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const service = createService()
let app: Tokens
let page: Browser
beforeAll(async () => {
  const email = freshAddress()
  const { client_id } = await createClient(service)
  app = await signIn(service, client_id, email)
  page = await signInBrowser(service, email)
})

const TRANSPORTS = [
  ['WebSocket', UPGRADE],
  ['event stream', EVENT_STREAM],
] as const

describe('the handshake', () => {
  it('RFC 6455 §4.1: names the subprotocol that carried the token, and no other', async () => {
    const answers = [
      [await handshake(service.request, bySubprotocol(app)), `bearer.${app.access_token}`],
      [
        await handshake(service.request, { 'Sec-WebSocket-Protocol': `chat ,bearer.${app.access_token}` }),
        `bearer.${app.access_token}`,
      ],
      [await handshake(service.request, byHeader(app)), null],
      [await handshake(page.send, SAME_ORIGIN), null],
      // The cookie comes along by itself where page and issuer share a site: the token is what was meant.
      [
        await handshake(page.send, { Origin: 'https://app.test', ...bySubprotocol(app) }),
        `bearer.${app.access_token}`,
      ],
    ] as const
    for (const [response, subprotocol] of answers) {
      expect([response.status, response.webSocket !== null]).toEqual([101, true])
      expect(response.headers.get('Sec-WebSocket-Protocol')).toBe(subprotocol)
      expectOurHeaders(response)
      expect(response.headers.get('Cache-Control')).toBe('no-store')
      response.webSocket?.accept()
      response.webSocket?.close()
    }
  })
})

describe.each(TRANSPORTS)('who may listen by %s', (_, transport) => {
  const ask = (headers: Readonly<Record<string, string>>, send = service.request) =>
    send(LIVE, { headers: { ...transport, ...headers } })
  const refused = async (response: Response): Promise<[number, unknown]> => {
    const { status } = response
    expect(response.webSocket).toBeNull()
    return [status, ((await response.json()) as { code: string }).code]
  }

  it('WB-02: a browser session, from our own pages only', async () => {
    const hostile: Record<string, string>[] = [
      'https://evil.test',
      'https://auth.test.evil.test',
      'https://sub.auth.test',
      'http://auth.test',
      'https://auth.test:8443',
      'null',
    ].map(Origin => ({ Origin }))
    hostile.push({ ...SAME_ORIGIN, Origin: 'https://evil.test' })
    for (const site of ['cross-site', 'same-site']) hostile.push({ Origin: ISSUER, 'Sec-Fetch-Site': site })
    for (const headers of hostile) {
      expect([headers, await refused(await ask(headers, page.send))]).toEqual([headers, [403, 'csrf_failed']])
    }
    expect(await refused(await ask(SAME_ORIGIN, browser(service).send))).toEqual([401, 'unauthorized'])
  })

  it('TK-02: a live token of scope sessions, for us', async () => {
    const email = freshAddress()
    const unscoped = await createClient(service, { scopes: ['read'] })
    const foreign = await createClient(service, { audience: 'https://api.test' })
    const { client_id } = await createClient(service)
    const dead = await signIn(service, client_id, email)
    const rotated = await signIn(service, client_id, freshAddress())
    await refresh(service, rotated)
    await endSession(service, dead, 'current')
    const cases = [
      [await signIn(service, unscoped.client_id, email), 403, 'insufficient_scope'],
      [await signIn(service, foreign.client_id, email), 401, 'invalid_token'],
      [dead, 401, 'session_ended'],
      [rotated, 401, 'token_rotated'],
      [{ access_token: 'nonsense' }, 401, 'invalid_token'],
    ] as const
    const ways = transport === UPGRADE ? [byHeader, bySubprotocol] : [byHeader]
    for (const way of ways) {
      for (const [tokens, status, code] of cases) {
        expect([code, await refused(await ask(way(tokens)))]).toEqual([code, [status, code]])
        // A bad token is not overlooked because there is a good cookie.
        expect(await refused(await ask({ ...SAME_ORIGIN, ...way(tokens) }, page.send))).toEqual([
          status,
          code,
        ])
      }
    }
    expect(await refused(await ask({}))).toEqual([401, 'unauthorized'])
  })

  it('TK-06: one token in one way; none in the address', async () => {
    const twice = `bearer.${app.access_token}, bearer.${app.access_token}`
    expect(await refused(await ask({ ...byHeader(app), ...bySubprotocol(app) }))).toEqual([
      400,
      'invalid_request',
    ])
    expect(await refused(await ask({ 'Sec-WebSocket-Protocol': twice }))).toEqual([400, 'invalid_request'])
    const inAddress = await service.request(`${LIVE}?access_token=${app.access_token}`, {
      headers: transport,
    })
    expect(await refused(inAddress)).toEqual([400, 'invalid_request'])
  })

  it('AP-05: nobody, while storage is away: 503, in the Worker and in the object', async () => {
    const watch = watchDatabases()
    const away = createService(watch.bindings)
    watch.refuses = () => true
    const objectAway = createService({
      USER_SESSIONS: { getByName: () => ({ fetch: async () => new Response(null, { status: 503 }) }) },
    })
    for (const each of [away, objectAway]) {
      const response = await each.request(LIVE, { headers: { ...transport, ...byHeader(app) } })
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
      expect(await refused(response)).toEqual([503, 'unavailable'])
    }
  })
})

describe('any other request', () => {
  it('AP-02: is refused: no transport 406, another method 405', async () => {
    for (const headers of [{}, { Accept: '*/*' }, { Accept: 'application/json' }, { Upgrade: 'h2c' }]) {
      const response = await service.request(LIVE, bearer(app.access_token, { headers }))
      expect([response.status, await expectRefusal(response, `GET ${LIVE}`)]).toEqual([406, 'not_acceptable'])
    }
    for (const method of ['HEAD', 'PUT', 'POST', 'PATCH', 'OPTIONS']) {
      const headers = { ...EVENT_STREAM, ...UPGRADE, ...byHeader(app) }
      const response = await service.request(LIVE, { method, headers })
      expect([method, response.status]).toEqual([method, 405])
      expect(response.headers.get('Allow')).toContain('GET')
    }
  })
})
