// requireToken as a resource server has it: what it refuses and how, how often the service is asked, what is remembered.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Hono } from '../../src/http/hono.ts'
import { createRequireToken, type TokenService, type TokenVariables } from '../../src/resource/index.ts'
import { BOUND_MS } from '../../src/verifier/bounded-verifier.ts'
import type { VerifyAnswer, VerifyDemand, VerifyRefusalCode } from '../../src/verifier/token-service.ts'

const START = 1_900_000_000_000
const KID = 'k_1'
const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const tokenOf = (jti: string) => `${b64({ kid: KID, typ: 'at+jwt' })}.${b64({ jti })}.c2ln`

const A = tokenOf('a')
const B = tokenOf('b')

const claims = (jti: string, more: object = {}) => ({
  ...{ iss: 'https://auth.test', sub: 'u_1', aud: 'https://api.test', client_id: 'app', scope: 'read write' },
  ...{ iat: START / 1_000, exp: START / 1_000 + 600, jti, ...more },
})

function setUp() {
  const state = {
    nowMs: START,
    /** How far the service's clock is ahead, in seconds. */
    ahead: 0,
    asked: [] as (VerifyDemand | undefined)[],
    readings: 0,
    retired: new Set<string>(),
    refusal: null as VerifyAnswer | null,
    /** In place of every answer. */
    instead: null as (() => Promise<never>) | null,
    extra: {},
  }
  const service: TokenService = {
    async verify(token, demand) {
      state.asked.push(demand)
      if (state.instead !== null) return state.instead()
      if (state.refusal !== null) return state.refusal
      const now = state.nowMs / 1_000 + state.ahead
      const jti = token === A ? 'a' : 'b'
      if (state.retired.has(jti)) return { tag: 'refused', code: 'session_ended', reason: 'signed_out' }
      const until = START / 1_000 + state.ahead + 600
      const memory = { position: { feed: '0-1023.abcdefgh', seq: state.retired.size }, until }
      return {
        ...{ tag: 'accepted', claims: claims(jti, state.extra), as_of: now },
        ...(demand?.remember ? { memory } : {}),
      }
    },
    async retirements({ seq }) {
      state.readings++
      if (state.instead !== null) return state.instead()
      return { retired: [...state.retired].slice(seq), seq: state.retired.size, kids: [KID] }
    },
  }
  const requireToken = createRequireToken(() => service, { clock: () => state.nowMs })
  const app = new Hono<{ Variables: TokenVariables }>()
  const seen: object[] = []
  app.get('/read', requireToken(), c => {
    seen.push(c.var.token)
    return c.text(c.var.token.claims.sub)
  })
  app.get('/also', requireToken({ scope: 'read write' }), c => c.text('also'))
  app.get('/admin', requireToken({ scope: 'read admin' }), c => c.text('admin'))
  app.post('/pay', requireToken({ mode: 'strong' }), c => c.json(c.var.token))
  const ask = async (path: string, authorization?: string, headers: Record<string, string> = {}) => {
    const response = await app.request(path, {
      method: path === '/pay' ? 'POST' : 'GET',
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    })
    return {
      status: response.status,
      challenge: response.headers.get('WWW-Authenticate'),
      retry: response.headers.get('Retry-After'),
      headers: response.headers,
      body: await response.text(),
    }
  }
  return { state, app, ask, seen, service }
}

describe('a request without a good token', () => {
  it.each([
    ['nothing', undefined],
    ['no token', 'Bearer'],
    ['only spaces', 'Bearer   '],
    ['another scheme', `Basic ${A}`],
    ['two tokens', `Bearer ${A}, Bearer ${B}`],
    ['a quoted one', `Bearer "${A}"`],
    ['more after it', `Bearer ${A} x`],
    ['a tab', `Bearer\t${A}`],
    ['no space', `Bearer${A}`],
    ['a name of its own', `token=${A}`],
    ['letters of no token', 'Bearer ä{}'],
  ])('RFC 6750 §3.1: %s: 401, how to do better, and nobody is asked', async (_, authorization) => {
    const { ask, state } = setUp()
    const answer = await ask('/read', authorization)
    expect(answer).toMatchObject({ status: 401, challenge: 'Bearer realm="latchkey"', retry: null })
    expect(JSON.parse(answer.body)).toEqual({
      ...{ type: 'urn:latchkey:problem:unauthorized', title: 'A good token is needed' },
      ...{ status: 401, code: 'unauthorized' },
    })
    expect(state.asked).toEqual([])
  })

  it('RFC 6750 §2.3: a token in the query or in a form is none', async () => {
    const { app, state } = setUp()
    const inQuery = await app.request(`/read?access_token=${A}`)
    const body = new URLSearchParams({ access_token: A })
    const inForm = await app.request('/pay', { method: 'POST', body })
    expect([inQuery.status, inForm.status, state.asked.length]).toEqual([401, 401, 0])
  })

  it('the name of the scheme is written in any letters, with several spaces', async () => {
    const { ask } = setUp()
    for (const each of [`bearer ${A}`, `BEARER   ${A}`]) expect((await ask('/read', each)).status).toBe(200)
  })
})

describe('what the service refuses', () => {
  it.each<[VerifyRefusalCode, number, string | null]>([
    ['invalid_token', 401, 'Bearer error="invalid_token"'],
    ['token_expired', 401, 'Bearer error="invalid_token"'],
    ['token_rotated', 401, 'Bearer error="invalid_token"'],
    ['session_replaced', 401, 'Bearer error="invalid_token"'],
    ['session_ended', 401, 'Bearer error="invalid_token"'],
    ['insufficient_scope', 403, 'Bearer error="insufficient_scope", scope="read write"'],
    ['invalid_dpop_proof', 401, 'DPoP error="invalid_token", algs="ES256"'],
    ['unauthorized_client', 503, null],
    ['unavailable', 503, null],
    ['something_newer' as VerifyRefusalCode, 401, 'Bearer error="invalid_token"'],
  ])(
    'EB-09, OA-03: %s is %i for whoever asks, and nothing of the token is in it',
    async (code, status, challenge) => {
      const { ask, state } = setUp()
      state.refusal = { tag: 'refused', code, reason: 'signed_out', ended_at: '2030-01-01T00:00:00Z' }
      for (const path of ['/also', '/also']) {
        const answer = await ask(path, `Bearer ${A}`)
        expect(answer).toMatchObject({ status, challenge, retry: status === 503 ? '2' : null })
        expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
        expect(answer.headers.get('Cache-Control')).toBe('no-store')
        expect(JSON.parse(answer.body)).toMatchObject({
          ...{ type: `urn:latchkey:problem:${code}`, status, code },
          ...{ reason: 'signed_out', ended_at: '2030-01-01T00:00:00Z' },
        })
        expect(JSON.stringify([...answer.headers]) + answer.body).not.toContain(A)
      }
      expect(state.asked).toHaveLength(2)
    },
  )
})

describe('EB-09: a service that is out of reach', () => {
  const failures: [string, () => Promise<never>][] = [
    ['fails', () => Promise.reject(new Error('network'))],
    ['fails with nothing', () => Promise.reject(null)],
    ['throws', () => { throw new TypeError('no such binding') }], // biome-ignore format: one each
    ['answers nothing', () => Promise.resolve(undefined as never)],
    ['answers nonsense', () => Promise.resolve({ tag: 'accepted' } as never)],
    [
      'answers for a token without a header',
      () => Promise.resolve({ tag: 'accepted', claims: {}, as_of: 0 } as never),
    ],
  ]
  it.each(failures)('%s: 503, try again, in both modes', async (_, instead) => {
    const { ask, state } = setUp()
    state.instead = instead
    for (const path of ['/read', '/pay']) {
      const answer = await ask(path, 'Bearer x.y.z')
      expect(answer).toMatchObject({ status: 503, retry: '2', challenge: null })
      expect(JSON.parse(answer.body).code).toBe('unavailable')
    }
  })

  it('never answers: 503, for the one who began to read the feed and for those who wait for him', async () => {
    const { ask, state } = setUp()
    await ask('/read', `Bearer ${A}`)
    state.nowMs += BOUND_MS
    state.instead = () => new Promise(() => {})
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const asked = Promise.all([
      ...[ask('/read', `Bearer ${A}`), ask('/read', `Bearer ${A}`)],
      ...[ask('/read', `Bearer ${B}`), ask('/pay', `Bearer ${A}`)],
    ])
    await vi.advanceTimersByTimeAsync(8_000)
    expect((await asked).map(({ status, retry }) => [status, retry])).toEqual(Array(4).fill([503, '2']))
    state.instead = null
    expect((await ask('/read', `Bearer ${A}`)).status).toBe(200)
  })

  it('what is known within the bound is still good, and not a moment longer', async () => {
    const { ask, state } = setUp()
    await ask('/read', `Bearer ${A}`)
    state.instead = () => Promise.reject(new Error('down'))
    state.nowMs += BOUND_MS - 1
    expect((await ask('/read', `Bearer ${A}`)).status).toBe(200)
    state.nowMs += 1
    expect((await ask('/read', `Bearer ${A}`)).status).toBe(503)
  })

  it('is not even there: an error of the one who set it up, not of the one who asks', async () => {
    const requireToken = createRequireToken(() => undefined as unknown as TokenService)
    const app = new Hono()
    let told: unknown
    app.onError((error, c) => {
      told = error
      return c.text('', 500)
    })
    app.get('/', requireToken(), c => c.text('in'))
    const response = await app.request('/', { headers: { authorization: `Bearer ${A}` } })
    expect([response.status, String(told)]).toEqual([500, expect.stringContaining('binding')])
  })
})

describe('how often the service is asked', () => {
  it('EB-11: boundedly once, for all routes, and the feed once a bound', async () => {
    const { ask, state } = setUp()
    for (const path of ['/read', '/also', '/read']) expect((await ask(path, `Bearer ${A}`)).status).toBe(200)
    expect([state.asked, state.readings]).toEqual([[{ remember: true }], 0])
    state.nowMs += BOUND_MS
    for (const path of ['/read', '/also']) expect((await ask(path, `Bearer ${A}`)).status).toBe(200)
    expect([state.asked.length, state.readings]).toEqual([1, 1])
  })

  it('EB-11: strongly each time, remembered or not, and a token that has ended is refused at once', async () => {
    const { ask, state } = setUp()
    await ask('/read', `Bearer ${A}`)
    for (const _ of [1, 2]) expect((await ask('/pay', `Bearer ${A}`)).status).toBe(200)
    expect(state.asked).toEqual([{ remember: true }, { mode: 'strong' }, { mode: 'strong' }])
    state.retired.add('a')
    const refused = await ask('/pay', `Bearer ${A}`)
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
      401,
      { code: 'session_ended', reason: 'signed_out' },
    ])
    expect((await ask('/read', `Bearer ${A}`)).status).toBe(200)
    state.nowMs += BOUND_MS
    expect((await ask('/read', `Bearer ${A}`)).status).toBe(401)
    expect((await ask('/also', `Bearer ${B}`)).status).toBe(200)
  })

  it('says how old the answer can be, by the clock that knows', async () => {
    const { ask, seen, state } = setUp()
    await ask('/read', `Bearer ${A}`)
    state.nowMs += 300
    await ask('/read', `Bearer ${A}`)
    expect(seen).toEqual([
      { claims: claims('a'), asOf: START },
      { claims: claims('a'), asOf: START },
    ])
    const strongly = JSON.parse((await ask('/pay', `Bearer ${A}`)).body)
    expect(strongly).toEqual({ claims: claims('a'), asOf: START + 300 })
  })
})

describe('what is remembered', () => {
  it('the scope is looked at each time, by the route', async () => {
    const { ask, state } = setUp()
    expect((await ask('/read', `Bearer ${A}`)).status).toBe(200)
    const refused = await ask('/admin', `Bearer ${A}`)
    expect(refused).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="read admin"',
    })
    expect(state.asked).toHaveLength(1)
  })

  it('by its exact text: what differs in a letter is another token', async () => {
    const { ask, state } = setUp()
    await ask('/read', `Bearer ${A}`)
    await ask('/read', `Bearer ${A}=`)
    await ask('/read', `Bearer ${A.slice(0, -1)}8`)
    expect(state.asked).toHaveLength(3)
  })

  it('a handler that changes the claims changes them for nobody', async () => {
    const { app, ask, seen } = setUp()
    await ask('/read', `Bearer ${A}`)
    const [{ claims: shared }] = seen as [{ claims: { scope: string } }]
    expect(() => Object.assign(shared, { scope: 'read admin' })).toThrow(TypeError)
    const response = await app.request('/admin', { headers: { authorization: `Bearer ${A}` } })
    expect(response.status).toBe(403)
  })

  it.each([0, 3_600, -3_600])(
    'JW-06: until its expiry by the service’s clock, %i s ahead of this one',
    async ahead => {
      const { ask, state } = setUp()
      state.ahead = ahead
      await ask('/read', `Bearer ${A}`)
      state.nowMs = START + 600_000 - 1
      await ask('/read', `Bearer ${A}`)
      expect([state.asked.length, state.readings]).toEqual([1, 1])
      state.nowMs += 1
      await ask('/read', `Bearer ${A}`)
      expect(state.asked.length).toBe(2)
    },
  )
})

describe('DPoP', () => {
  it('DP-04: the proof is handed on with this request’s method and address, each time, and is never remembered', async () => {
    const { ask, state } = setUp()
    state.extra = { cnf: { jkt: 'x' } }
    await ask('/read', `Bearer ${B}`)
    for (const _ of [1, 2]) {
      const answer = await ask('http://api.test/read?secret=1#x', `DPoP ${A}`, { DPoP: 'proof' })
      expect(answer.status).toBe(200)
    }
    const proof = { text: 'proof', method: 'GET', uri: 'http://api.test/read' }
    expect(state.asked.slice(1)).toEqual(Array(2).fill({ mode: 'strong', proof }))
    await ask('/pay', `dpop ${A}`)
    expect(state.asked.at(-1)).toMatchObject({ proof: { text: '', method: 'POST' } })
  })

  it('DP-04: a proof does not help a token that is remembered as a bearer’s', async () => {
    const { ask, state } = setUp()
    await ask('/read', `Bearer ${A}`)
    state.refusal = { tag: 'refused', code: 'invalid_dpop_proof' }
    const answer = await ask('/read', `DPoP ${A}`, { DPoP: 'proof' })
    expect(answer).toMatchObject({ status: 401, challenge: 'DPoP error="invalid_dpop_proof", algs="ES256"' })
  })

  it('RFC 9449 §7.1: its refusals name its scheme', async () => {
    const { ask, state } = setUp()
    expect((await ask('/admin', `DPoP ${A}`)).challenge).toBe(
      'DPoP error="insufficient_scope", scope="read admin", algs="ES256"',
    )
    state.refusal = { tag: 'refused', code: 'session_ended' }
    expect((await ask('/read', `DPoP ${A}`)).challenge).toBe('DPoP error="invalid_token", algs="ES256"')
  })
})
