// How a client proves who it is: by exactly its registered method, and how often it may fail to.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { shardTagOfDigest } from '../../src/domain/ids.ts'
import { NETWORK_WINDOW_SECONDS, WRONG_SECRETS_PER_NETWORK } from '../../src/domain/limits.ts'
import { digest } from '../../src/tokens/digest.ts'
import { randomBytes, randomTaggedId } from '../../src/tokens/random.ts'
import { workerSeenThrough } from './support/intercept.ts'
import { admin, createService, form, freshIp, json } from './support/service.ts'
import { createClient } from './support/sign-in.ts'

/** Calls of the objects that count, as this service makes them. */
let calls = 0
const RATE_LIMITER = new Proxy(env.RATE_LIMITER, {
  get(target, name) {
    if (name === 'getByName') calls += 1
    const value = Reflect.get(target, name) as unknown
    return typeof value === 'function' ? value.bind(target) : value
  },
})
let reads = 0
const DATABASES = workerSeenThrough((_, run) => {
  reads += 1
  return run()
})
const service = createService({ RATE_LIMITER, ...DATABASES })
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

type Fields = Readonly<Record<string, string>>
const REQUEST = { grant_type: 'refresh_token', refresh_token: 'x' }

const send = (fields: Fields, headers: Fields = {}, path = '/oauth2/token', by = service) => {
  const init = form({ ...REQUEST, ...fields })
  return by.request(path, { ...init, headers: { ...(init.headers as object), ...headers } })
}
const encode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2)
const basicText = (text: string) => `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}`
const basic = (id: string, secret: string): Fields => ({
  Authorization: basicText(`${encode(id)}:${encode(secret)}`),
})
const errorOf = async (response: Response) => ((await response.json()) as { error: string }).error

/** What follows client authentication at this request, once it is over. */
const PASSED = 'invalid_grant'

async function newClient(method: string): Promise<{ id: string; secret: string }> {
  const type = method === 'none' ? 'public' : 'confidential'
  const { client_id, client_secret = 'none' } = await createClient(service, {
    type,
    token_endpoint_auth_method: method,
  })
  return { id: client_id, secret: client_secret }
}

describe('client authentication', () => {
  const WAYS: Record<string, (client: { id: string; secret: string }) => Promise<Response>> = {
    none: ({ id }) => send({ client_id: id }),
    client_secret_post: ({ id, secret }) => send({ client_id: id, client_secret: secret }),
    client_secret_basic: ({ id, secret }) => send({}, basic(id, secret)),
    'client_secret_basic, with its id in the form': ({ id, secret }) =>
      send({ client_id: id }, basic(id, secret)),
    both: ({ id, secret }) => send({ client_id: id, client_secret: secret }, basic(id, secret)),
    'another id in the form': ({ id, secret }) => send({ client_id: `${id}x` }, basic(id, secret)),
    nothing: () => send({}),
  }

  it.each(['none', 'client_secret_post', 'client_secret_basic'])(
    'TK-06: of %s is by that method alone',
    async method => {
      const client = await newClient(method)
      for (const [way, ask] of Object.entries(WAYS)) {
        const isOwn = way.split(',')[0] === method
        const isContradiction = way === 'both' || way === 'another id in the form'
        const expected = isOwn ? PASSED : isContradiction ? 'invalid_request' : 'invalid_client'
        const response = await ask(client)
        expect([way, response.status]).toEqual([way, expected === 'invalid_client' ? 401 : 400])
        expect([way, await errorOf(response)]).toEqual([way, expected])
      }
    },
  )

  it('TK-06: a new secret opens by no former method, whatever this isolate remembers', async () => {
    const { id, secret: first } = await newClient('client_secret_post')
    const elsewhere = createService()
    elsewhere.now = service.now
    const byForm = (client_secret: string) =>
      send({ client_id: id, client_secret }, {}, '/oauth2/token', elsewhere).then(errorOf)
    expect(await byForm(first)).toBe(PASSED)
    const path = `/admin/v1/clients/${id}`
    const method = { token_endpoint_auth_method: 'client_secret_basic' }
    expect((await service.request(path, admin(service, json(method, 'PATCH')))).status).toBe(200)
    const rotated = await service.request(`${path}/rotate-secret`, admin(service, { method: 'POST' }))
    const { client_secret: second } = await rotated.json<{ client_secret: string }>()
    expect(await byForm(second)).toBe('invalid_client')
    const byHeader = await send({}, basic(id, second), '/oauth2/token', elsewhere)
    expect(await errorOf(byHeader)).toBe(PASSED)
  })

  it.each(['a:b', ':', '%', '%41', 'a+b', 'a b', ' ', 'ünïcödé', '密钥🔑', '&=?#', '"\\', 'é:%+ '])(
    'TK-07: by Basic is form-decoded: %s',
    async secret => {
      const { id } = await newClient('client_secret_basic')
      await service.parts.shards.global
        .prepare('UPDATE clients SET secret_digest = ? WHERE id = ?')
        .bind(await digest('client-secret', secret), id)
        .run()
      service.parts.forgetClient(id)
      expect(await errorOf(await send({}, basic(id, secret)))).toBe(PASSED)
      expect(await errorOf(await send({}, basic(id, `${secret}x`)))).toBe('invalid_client')
    },
  )

  it('TK-07: that fails by Basic is 401 with a Basic challenge; by another way without one', async () => {
    const { id, secret } = await newClient('client_secret_basic')
    const malformed = [
      basicText(id),
      basicText(`:${secret}`),
      basicText(`${id}:%`),
      'Basic',
      'Basic !',
      'Basic /w==',
    ]
    const headers = [basic(id, 'x'), basic('c_unknown', secret), { Authorization: `Bearer ${secret}` }]
    for (const header of [...headers, ...malformed.map(Authorization => ({ Authorization }))]) {
      const response = await send({}, header)
      expect([header, response.status]).toEqual([header, 401])
      expect(response.headers.get('WWW-Authenticate')).toBe('Basic realm="latchkey", charset="UTF-8"')
      expect(await errorOf(response)).toBe('invalid_client')
    }
    const byForm = await send({ client_id: id, client_secret: 'x' })
    expect([byForm.status, byForm.headers.get('WWW-Authenticate')]).toEqual([401, null])
  })
})

it('AP-06: where no limit counts them, what nobody stands behind costs three reads at most', async () => {
  const { client_id: id } = await createClient(service, { redirect_uris: ['https://app.test/cb'] })
  const audience = 'https://api.test/'
  await createClient(service, { type: 'confidential', audience })
  const junk = 'A'.repeat(43)
  const [code_verifier, code_challenge] = [junk, junk]
  const get = (path: string, query: Fields, headers: Fields = {}) =>
    service.request(`${path}?${new URLSearchParams(query)}`, { headers })
  const asked = { client_id: id, response_type: 'code', code_challenge, code_challenge_method: 'S256' }
  const cookie = { Cookie: `__Host-session=${junk}.${junk}` }
  const pushedId = randomTaggedId('p', shardTagOfDigest(randomBytes(2)))
  const request_uri = `urn:ietf:params:oauth:request_uri:${pushedId}`
  const requests: readonly (() => Promise<Response>)[] = [
    () => send({ client_id: 'c_unknown' }),
    () => send({ client_id: id, refresh_token: `r_${junk}.${junk}` }),
    () => send({ client_id: id, grant_type: 'authorization_code', code: junk, code_verifier }),
    () => send({ client_id: id, token: junk }, {}, '/oauth2/revoke'),
    () => send({ client_id: 'c_unknown', client_secret: 'x', token: junk }, {}, '/oauth2/introspect'),
    () => get('/oauth2/userinfo', {}, { Authorization: `Bearer ${junk}` }),
    () => get('/oauth2/authorize', { ...asked, resource: 'https://unknown.test/' }, cookie),
    () => get('/oauth2/authorize', { ...asked, resource: audience }, cookie),
    () => get('/oauth2/authorize', { client_id: id, request_uri }, cookie),
    () => get('/oauth2/end-session', { client_id: id }, cookie),
  ]
  const costs: number[] = []
  for (const ask of requests) {
    service.parts.forgetClient(id)
    reads = 0
    expect((await ask()).status).toBeLessThan(500)
    costs.push(reads)
  }
  expect(Math.max(...costs)).toBeLessThanOrEqual(3)
})

describe('guessing a secret', () => {
  const from = (ip: string): Fields => ({ 'CF-Connecting-IP': ip })
  const guess = (id: string, ip: string, secret = 'wrong', by = service, path = '/oauth2/token') =>
    send({ client_id: id, client_secret: secret }, from(ip), path, by)

  it('TK-08, AP-06: of 1,000 wrong ones a hundred are looked at, then 429; the client of another network goes on', async () => {
    const { id, secret } = await newClient('client_secret_post')
    const [ip, elsewhere] = [freshIp(), freshIp()]
    const paths = ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect', '/oauth2/par']
    calls = 0
    const statuses: number[] = []
    for (let index = 0; index < 1_000; index++) {
      const response = await guess(id, ip, `wrong ${index}`, service, paths[index % paths.length])
      statuses.push(response.status)
      if (response.status !== 429) continue
      const wait = Number(response.headers.get('Retry-After'))
      expect(wait > 0 && wait <= NETWORK_WINDOW_SECONDS).toBe(true)
      expect(response.headers.get('Cache-Control')).toBe('no-store')
      expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable', code: 'rate_limited' })
    }
    expect(statuses.indexOf(429)).toBe(WRONG_SECRETS_PER_NETWORK)
    expect(new Set(statuses.slice(WRONG_SECRETS_PER_NETWORK))).toEqual(new Set([429]))
    // What is known here needs no call, and a right secret never does.
    expect(calls).toBe(WRONG_SECRETS_PER_NETWORK + 1)
    reads = 0
    expect((await guess(id, ip)).status).toBe(429)
    expect(reads).toBe(0)
    expect(await errorOf(await guess(id, elsewhere, secret))).toBe(PASSED)
    expect((await guess(id, ip, secret)).status).toBe(429)
    expect(calls).toBe(WRONG_SECRETS_PER_NETWORK + 1)

    // Another client of that network, and what needs no secret, go on too.
    const other = await newClient('client_secret_post')
    expect(await errorOf(await guess(other.id, ip, other.secret))).toBe(PASSED)
    const open = await newClient('none')
    expect(await errorOf(await send({ client_id: open.id }, from(ip)))).toBe(PASSED)

    // Another isolate looks at one secret, and learns.
    const isolate = createService({ RATE_LIMITER })
    isolate.now = service.now
    expect((await guess(id, ip, 'wrong', isolate)).status).toBe(429)
    expect((await guess(id, ip, secret, isolate)).status).toBe(429)

    service.now += NETWORK_WINDOW_SECONDS
    expect(await errorOf(await guess(id, ip, secret))).toBe(PASSED)
  })

  it('TK-08: unknown clients and other methods are no guesses: they cost no object', async () => {
    const { id } = await newClient('client_secret_post')
    calls = 0
    await guess('c_unknown', freshIp())
    await send({}, { ...basic(id, 'x'), ...from(freshIp()) })
    await send({ client_id: id }, from(freshIp()))
    expect(calls).toBe(0)
  })

  it('TK-08: is refused when it cannot be counted', async () => {
    const { id, secret } = await newClient('client_secret_post')
    const away = { getByName: () => ({ hit: () => Promise.reject(new Error('away')) }) }
    vi.spyOn(console, 'error').mockReturnValue()
    const blind = createService({ RATE_LIMITER: away })
    expect((await guess(id, freshIp(), 'wrong', blind)).status).toBe(503)
    expect(await errorOf(await guess(id, freshIp(), secret, blind))).toBe(PASSED)
  })
})
