import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCEPT_JSON, type Browser, browser, signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import {
  expectOurHeaders,
  expectRefusal,
  MARKER,
  PATHS,
  ROUTES,
  type Route,
  WRITES,
} from './support/routes.ts'
import { admin, bearer, createService, freshAddress, freshIp } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

const service = createService()
const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

let page: Browser
let accessToken = ''
let clientId = ''
const logged: string[] = []

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
  accessToken = (await signIn(service, clientId, freshAddress())).access_token
  page = await signInBrowser(service, freshAddress())
  // Whoever looks at the deployment's secrets first notes since when they are there, as cron does.
  await service.request('/admin/v1/secrets', admin(service))
})

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation(line => void logged.push(String(line)))
  }
})

afterAll(() => {
  expect(logged.length).toBeGreaterThan(100)
  for (const line of logged) {
    expect(line).not.toMatch(/[\r\n\u2028\u2029]/)
    expect(line.includes(MARKER), line.slice(0, 300)).toBe(false)
    expect(JSON.parse(line)).toMatchObject({ at: expect.stringMatching(/Z$/), event: expect.any(String) })
    expect(line).not.toContain('"request.failed"')
  }
})

/** As somebody who may use the route: what is refused then is the input. */
function send({ method, path }: Route, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers({ ...ACCEPT_JSON, 'CF-Connecting-IP': freshIp() })
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
  const whole = { ...init, method, headers }
  if (headers.has('Authorization')) return service.request(path, whole)
  if (path.startsWith('/admin/v1')) return service.request(path, admin(service, whole))
  if (/^\/(?:v1|ping)\//.test(path)) return service.request(path, bearer(accessToken, whole))
  // Its body would be ignored and its caller signed out.
  if (path === '/oauth2/logout') return service.request(path, whole)
  return page.send(path, whole)
}

const bytes = (text: string) => new TextEncoder().encode(text)
const NOT_UTF8 = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])
const OVER_64_KIB = 'a'.repeat(64 * 1_024)
const TEN_MEGABYTES = new Uint8Array(10_000_000).fill(0x61)

const BODIES: readonly (readonly [string, string | null, string | Uint8Array])[] = [
  ['JSON that breaks off', JSON_TYPE, `{"client_id":"${MARKER}`],
  ['JSON with more behind it', JSON_TYPE, `{}${MARKER}`],
  ['no JSON', JSON_TYPE, MARKER],
  ['a JSON array', JSON_TYPE, `["${MARKER}"]`],
  ['a JSON string', JSON_TYPE, `"${MARKER}"`],
  ['JSON null', JSON_TYPE, 'null'],
  ['a JSON number', JSON_TYPE, '1e999'],
  ['JSON of depth 10,000', JSON_TYPE, '['.repeat(10_000) + ']'.repeat(10_000)],
  ['JSON in UTF-16', JSON_TYPE, new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00])],
  ['JSON with FF FE', JSON_TYPE, NOT_UTF8],
  ['JSON after a byte order mark', JSON_TYPE, '\uFEFF{}'],
  ['JSON of 64 KiB and more', JSON_TYPE, `{"email":"${OVER_64_KIB}"}`],
  ['JSON of 10 MB', JSON_TYPE, TEN_MEGABYTES],
  ['JSON as text', 'text/plain', `{"client_id":"${MARKER}"}`],
  ['JSON without a type', null, `{"client_id":"${MARKER}"}`],
  ['JSON as multipart', 'multipart/form-data; boundary=x', `--x\r\n\r\n{"a":"${MARKER}"}\r\n--x--`],
  ['XML', 'application/xml', `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;${MARKER}</a>`],
  ['a form with a repeated field', FORM_TYPE, `client_id=${MARKER}&client_id=b&csrf_token=a&csrf_token=b`],
  ['a form of 10,000 fields', FORM_TYPE, Array.from({ length: 10_000 }, (_, nth) => `${nth}=`).join('&')],
  ['a form with FF FE', FORM_TYPE, new Uint8Array([0x61, 0x3d, 0xff, 0xfe])],
  ['a form with FF FE, encoded', FORM_TYPE, `client_id=%FF%FE${MARKER}&%FF=%FE`],
  ['a form with broken escapes', FORM_TYPE, `client_id=%${MARKER}&%=%&=&&`],
  ['a form of 64 KiB and more', FORM_TYPE, `email=${OVER_64_KIB}`],
  ['a form of 10 MB', FORM_TYPE, TEN_MEGABYTES],
  ['a form with members of every object', FORM_TYPE, `__proto__=${MARKER}&constructor=${MARKER}&toString=x`],
  ['a form with NUL, CR and LF', FORM_TYPE, `client_id=${MARKER}%00%0D%0AX-Evil:%201&grant_type=%00`],
]

/** Asks whoever is signed in, with or without anything in the form. */
const END_SESSION = '/oauth2/end-session'

describe('every route that takes a body', () => {
  it.each(BODIES)('AP-03: refuses %s', async (_what, type, body) => {
    const before = await dump(service)
    for (const route of WRITES) {
      const headers: Record<string, string> = type === null ? {} : { 'Content-Type': type }
      // A string would bring a type of its own.
      const sent = typeof body === 'string' ? bytes(body) : body
      const asked = `${route.method} ${route.path}`
      const begun = performance.now()
      const response = await send(route, { headers, body: sent })
      const isAsked = type === FORM_TYPE && route.path === END_SESSION && response.status === 200
      if (!isAsked) await expectRefusal(response, asked)
      else expect(await response.text(), asked).not.toContain(MARKER)
      expect(performance.now() - begun, asked).toBeLessThan(5_000)
      if (sent.byteLength < 64 * 1_024) continue
      const declared = { ...headers, 'Content-Length': String(sent.byteLength) }
      await expectRefusal(await send(route, { headers: declared, body: sent }), asked)
    }
    expect(await dump(service)).toBe(before)
  })

  it('WB-03: as 415 where JSON is wanted and another type came, as 413 where it is too long', async () => {
    const codes = async (type: string, body: string) => {
      const json = WRITES.filter(({ method, path }) => path.startsWith('/v1/') && method !== 'DELETE')
      const answers = json.map(route => send(route, { headers: { 'Content-Type': type }, body: bytes(body) }))
      return new Set((await Promise.all(answers)).map(({ status }) => status))
    }
    expect(await codes('text/plain', '{}')).toEqual(new Set([415]))
    expect(await codes(FORM_TYPE, 'a=1')).toEqual(new Set([415]))
    expect(await codes(JSON_TYPE, `{"a":"${OVER_64_KIB}"}`)).toEqual(new Set([413]))
  })
})

describe('every route', () => {
  const LONG = MARKER.repeat(12_000)

  it.each([
    'Authorization',
    'Cookie',
    'User-Agent',
    'Origin',
    'X-CSRF-Token',
    'X-Request-Id',
    'CF-Connecting-IP',
    'Accept-Language',
    'If-None-Match',
  ])('AP-03: survives %s of 100 KB', async name => {
    const before = await dump(service)
    for (const route of ROUTES) {
      // Without a body: a well-formed one would be done.
      if (route.method !== 'GET' && name !== 'Authorization') continue
      const value = name === 'Authorization' ? `Bearer ${LONG}` : LONG
      const response = await send(route, { headers: { [name]: value } })
      expect(response.status, `${route.method} ${route.path}`).toBeLessThan(500)
      expect(response.headers.get('X-Request-Id')).toMatch(/^req_/)
      expect(`${await response.text()} ${JSON.stringify([...response.headers])}`).not.toContain(MARKER)
    }
    expect(await dump(service)).toBe(before)
  })

  const QUERIES = [
    `?limit=${MARKER}&cursor=${MARKER}&before=${MARKER}&email=${MARKER}&token=${MARKER}&continue=${MARKER}`,
    `?limit=1&limit=${MARKER}&email=a&email=${MARKER}&__proto__=${MARKER}&constructor=${MARKER}`,
    '?limit=%FF%FE&cursor=%00&before=%0D%0A&email=%00&token=%FF&continue=%0D%0A',
    '?limit=-1&cursor=AA&before=0&%zz=%&&=&?',
    '?limit=1e3&before=99999999999999999999&cursor=____',
    `?${'a=b&'.repeat(2_500)}${MARKER}`,
  ]

  it.each(QUERIES.map(query => [query.slice(0, 40), query]))(
    'AP-03: survives the query %s …',
    async (_start, query) => {
      for (const { method, path } of ROUTES.filter(route => route.method === 'GET')) {
        const response = await send({ method, path: `${path}${query}` })
        expect(response.status, path).toBeLessThan(500)
        expect(`${await response.text()} ${JSON.stringify([...response.headers])}`).not.toContain(MARKER)
        expectOurHeaders(response)
      }
    },
  )

  it.each(PATHS)('AP-07: %s answers another method with 405 and Allow', async path => {
    const own = new Set(ROUTES.filter(route => matches(route, path)).map(({ method }) => method))
    const allowed = own.has('GET') ? [...own, 'HEAD'] : [...own]
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      if (own.has(method)) continue
      const response = await send({ method, path })
      const allow = response.headers.get('Allow')
      expect(await expectRefusal(response, `${method} ${path}`)).toBe('method_not_allowed')
      expect(allow?.split(', ').sort()).toEqual(allowed.sort())
    }
  })

  /** `/v1/sessions/revoke-all` is also a path of `/v1/sessions/:id`. */
  const matches = (route: Route, path: string): boolean =>
    route.path === path || (route.path.includes('s_aa') && /^\/v1\/sessions\/[^/]+$/.test(path))

  const UNKNOWN = [
    '/nowhere',
    `/${MARKER}`,
    '/v1/nowhere',
    '/v1/sessions/',
    '/v1//sessions',
    '/V1/sessions',
    '/v1/sessions/a/b',
    '/admin/v1/nowhere',
    '/admin/nowhere',
    '/oauth2/nowhere',
    '/oauth2/token/',
    '/sign-in/nowhere',
    '/sign-in/link/',
    '/assets/nowhere.js',
    '/assets/__proto__',
    '/assets/constructor',
    '/assets/..%2F..%2Fconfig.ts',
    '/.env',
    '/.dev.vars',
    '/.git/config',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/%00',
    '/%FF%FE',
    '/%zz',
    '/health%0D%0AX-Evil:1',
    `/${'a/'.repeat(5_000)}`,
    `/${MARKER.repeat(1_000)}`,
  ]

  it.each(UNKNOWN.map(path => [path.slice(0, 40), path]))('AP-03: %s is not found', async (_start, path) => {
    for (const method of path.startsWith('/assets/') ? ['GET'] : ['GET', 'POST', 'DELETE']) {
      expect(await expectRefusal(await send({ method, path }), `${method} ${path}`)).toBe('not_found')
    }
  })

  it('AP-03: people get a page instead, as plain as the rest', async () => {
    for (const path of ['/sign-in/nowhere', '/account/nowhere', `/sign-in/link?token=${MARKER}`]) {
      const response = await browser(service).get(path)
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
      expectOurHeaders(response)
      expect(response.headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
      expect(await response.text()).not.toContain(MARKER)
    }
  })
})
