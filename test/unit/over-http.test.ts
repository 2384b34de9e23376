// The token service over HTTP: what is sent, and that no answer but a good one is an acceptance.
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { overHttp } from '../../src/resource/index.ts'

const NOW = 1_900_000_000
const AUDIENCE = 'https://api.test'
const POSITION = '0-1023.abcdefgh:7'
const AFTER = { feed: '0-1023.abcdefgh', seq: 7 }
const CLAIMS = {
  ...{ iss: 'https://auth.test', sub: 'u_1', aud: AUDIENCE, client_id: 'app', scope: 'read write' },
  ...{ iat: NOW, exp: NOW + 600, jti: 's_1.1', sid: 's_1', auth_time: NOW },
}
const GOOD = { active: true, token_type: 'Bearer', as_of: NOW, ...CLAIMS }
const REMEMBERED = { ...GOOD, position: POSITION, remember_until: NOW + 600 }
const FEED = { retired: ['s_2.1'], position: '0-1023.abcdefgh:9', kids: ['k_1'] }

type Answer = () => Response | Promise<Response>

function setUp(answer: Answer, more: object = {}) {
  const sent: { url: string; init: RequestInit }[] = []
  const service = overHttp({
    ...{ issuer: 'https://auth.test', clientId: 'notes', clientSecret: 'secret', audience: AUDIENCE },
    fetch: async (url, init = {}) => {
      sent.push({ url: String(url), init })
      return answer()
    },
    ...more,
  })
  return { service, sent }
}

const json = (body: unknown, status = 200) => setUp(() => Response.json(body, { status })).service
const unavailable = { tag: 'refused', code: 'unavailable' }
const invalid = { tag: 'refused', code: 'invalid_token' }

describe('what is sent', () => {
  it('the token in a form, the credentials as Basic, and how it should be looked at', async () => {
    const { service, sent } = setUp(() => Response.json(GOOD))
    await service.verify('a+b&c')
    await service.verify('t', { mode: 'strong' })
    await service.verify('t', { remember: true, mode: 'strong' })
    expect(sent.map(({ init }) => String(init.body))).toEqual([
      'token=a%2Bb%26c&mode=bounded',
      'token=t&mode=strong',
      'token=t&remember=true',
    ])
    const [{ url, init }] = sent as [(typeof sent)[number]]
    expect(url).toBe('https://auth.test/oauth2/introspect')
    expect(init).toMatchObject({
      ...{ method: 'POST', redirect: 'manual' },
      headers: { Authorization: `Basic ${btoa('notes:secret')}` },
    })
  })

  it('EB-09: no request without an end', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    const { service, sent } = setUp(() => Response.json(FEED))
    await service.verify('t')
    await service.retirements(AFTER)
    expect(timeout.mock.calls).toEqual([[5_000], [5_000]])
    expect(sent.map(({ init }) => init.signal)).toEqual(timeout.mock.results.map(({ value }) => value))
    timeout.mockRestore()
  })

  it('RFC 6749 §2.3.1: id and secret are form-encoded, whatever is in them', () =>
    fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        async (id, secret) => {
          const { service, sent } = setUp(() => Response.json(GOOD), { clientId: id, clientSecret: secret })
          await service.verify('t')
          const [{ init }] = sent as [(typeof sent)[number]]
          const { Authorization = '' } = init.headers as Record<string, string>
          const [, base64 = ''] = /^Basic ([A-Za-z0-9+/]*=*)$/.exec(Authorization) ?? []
          const parts = atob(base64).split(':')
          const decode = (text = '') => decodeURIComponent(text.replaceAll('+', ' '))
          expect(parts.map(decode)).toEqual([id, secret].map(each => each.toWellFormed()))
        },
      ),
    ))

  it.each(['https://auth.test/', 'https://auth.test', 'https://auth.test/oauth2'])(
    'to the service at %s',
    async issuer => {
      const { service, sent } = setUp(() => Response.json(FEED), { issuer })
      await service.retirements(AFTER)
      expect(sent[0]?.url).toBe(`https://auth.test/v1/retirements?after=${POSITION}`)
    },
  )
})

describe('OA-03: an answer to a token', () => {
  it('is an acceptance with the claims, and with what is needed to remember it', async () => {
    const accepted = { tag: 'accepted', claims: CLAIMS, as_of: NOW }
    expect(await json(GOOD).verify('t')).toStrictEqual(accepted)
    expect(await json(REMEMBERED).verify('t', { remember: true })).toStrictEqual({
      ...accepted,
      memory: { position: AFTER, until: NOW + 600 },
    })
    const { sid: _, auth_time: __, ...ownName } = GOOD
    expect(await json(ownName).verify('t')).toMatchObject({ tag: 'accepted' })
  })

  it.each([
    [
      'of another audience, which the client’s own tokens may be',
      { ...GOOD, aud: 'https://other.test' },
      invalid,
    ],
    ['not live', { active: false }, invalid],
    ['a refresh token of this client', { ...GOOD, token_type: undefined, jti: undefined }, invalid],
    [
      'DP-04: bound to a key',
      { ...GOOD, token_type: 'DPoP', cnf: { jkt: 'x' } },
      { code: 'invalid_dpop_proof' },
    ],
    ['bound, and said to be a bearer’s', { ...GOOD, cnf: { jkt: 'x' } }, unavailable],
    ['said to be bound, to nothing', { ...GOOD, token_type: 'DPoP' }, unavailable],
    ['bound to nonsense', { ...GOOD, token_type: 'DPoP', cnf: null }, unavailable],
  ])('is a refusal: %s', async (_, body, refusal) => {
    expect(await json(body).verify('t')).toMatchObject({ tag: 'refused', ...refusal })
  })

  it('is judged by what is demanded', async () => {
    const code = async (demand: object) => ((await json(GOOD).verify('t', demand)) as { code?: string }).code
    expect(await code({ scope: 'read write' })).toBeUndefined()
    expect(await code({ scope: 'read admin' })).toBe('insufficient_scope')
    expect(await code({ audience: 'https://other.test' })).toBe('invalid_token')
    expect(await code({ proof: { text: 'x', method: 'GET', uri: 'https://api.test/' } })).toBe(
      'invalid_dpop_proof',
    )
  })

  it.each(['as_of', 'iat', 'exp', 'remember_until'])('EB-09: a time without end is none: %s', async name => {
    const body = JSON.stringify({ ...REMEMBERED, [name]: null }).replace('null', '1e999')
    const answer = await setUp(() => new Response(body)).service.verify('t', { remember: true })
    if (name === 'remember_until')
      expect(answer).toStrictEqual({ tag: 'accepted', claims: CLAIMS, as_of: NOW })
    else expect(answer).toEqual(unavailable)
  })

  it.each<[number, string]>([
    [401, 'unauthorized_client'],
    ...[204, 301, 302, 307, 400, 403, 404, 429, 500, 502, 503].map((each): [number, string] => [
      each,
      'unavailable',
    ]),
  ])('EB-09: with status %i is none, though it says all the rest', async (status, code) => {
    const body = status === 204 ? null : JSON.stringify(REMEMBERED)
    const { service } = setUp(
      () => new Response(body, { status, headers: { Location: 'https://evil.test/' } }),
    )
    for (const demand of [{}, { remember: true }]) {
      expect(await service.verify('t', demand)).toEqual({ tag: 'refused', code })
    }
  })

  it.each<[string, Answer]>([
    ['the network fails', () => Promise.reject(new TypeError('fetch failed'))],
    ['time is over', () => Promise.reject(new DOMException('', 'TimeoutError'))],
    ['it is no JSON', () => new Response('<html>')],
    ['it breaks off', () => new Response(JSON.stringify(GOOD).slice(0, -9))],
    ['it is empty', () => new Response('')],
  ])('EB-09: %s: refused, and no feed', async (_, answer) => {
    const { service } = setUp(answer)
    expect(await service.verify('t')).toEqual(unavailable)
    await expect(service.retirements(AFTER)).rejects.toThrow()
  })
})

const HOSTILE = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, true, false, 'true', 1, '', [], {}, [true], 'Bearer', AUDIENCE, NOW, `${NOW}`),
)

describe('EB-09: whatever comes back', () => {
  it('is a refusal, unless it is as it should be', () =>
    fc.assert(
      fc.asyncProperty(HOSTILE, async body => {
        expect(await json(body).verify('t')).toMatchObject({ tag: 'refused' })
        await expect(json(body).retirements(AFTER)).rejects.toThrow('no feed')
      }),
    ))

  it('with one member that is not what it was: no acceptance that the rest does not bear out', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(REMEMBERED)),
        fc.option(HOSTILE),
        async (name, value) => {
          const body: Record<string, unknown> = { ...REMEMBERED, [name]: value }
          if (value === null) delete body[name]
          const answer = await json(body).verify('t', { remember: true })
          if (answer.tag === 'refused') return
          const { claims, as_of, memory } = answer
          expect(body).toMatchObject({ active: true, token_type: 'Bearer' })
          expect(claims.aud).toBe(AUDIENCE)
          for (const each of ['iss', 'sub', 'client_id', 'scope', 'jti'] as const)
            expect(claims[each]).toBeTypeOf('string')
          for (const each of [claims.iat, claims.exp, as_of]) expect(each).toBeTypeOf('number')
          expect(['string', 'undefined']).toContain(typeof claims.sid)
          expect(claims.cnf).toBeUndefined()
          if (memory !== undefined) {
            expect(memory.until).toBeTypeOf('number')
            expect(memory.position).toEqual({ feed: expect.any(String), seq: expect.any(Number) })
          }
        },
      ),
      { numRuns: 1_000 },
    ))
})

describe('the feed', () => {
  it('is what was retired, with the keys and the place to read on from', async () => {
    expect(await json(FEED).retirements(AFTER)).toEqual({ retired: ['s_2.1'], kids: ['k_1'], seq: 9 })
    expect(await json({ ...FEED, position: POSITION, retired: [] }).retirements(AFTER)).toMatchObject({
      seq: 7,
    })
  })

  it('EB-11: does not go on from there: null, for 410 alone', async () => {
    expect(await json({}, 410).retirements(AFTER)).toBeNull()
    for (const status of [200, 400, 401, 404, 429, 500, 503]) {
      await expect(json({}, status).retirements(AFTER)).rejects.toThrow('no feed')
    }
  })

  it.each([
    ['of another feed', { ...FEED, position: '0-511.abcdefgh:9' }],
    ['of several', { ...FEED, position: `${FEED.position},512-1023.abcdefgh:1` }],
    ['that goes back', { ...FEED, position: '0-1023.abcdefgh:6' }],
    ['without a position', { ...FEED, position: undefined }],
    ['of something else than ids', { ...FEED, retired: [null] }],
    ['without keys', { ...FEED, kids: 'k_1' }],
  ])('EB-09: %s is none', async (_, body) => {
    await expect(json(body).retirements(AFTER)).rejects.toThrow('no feed')
  })
})
