// Clients that prove who they are by a key of their own (RFC 7523, OpenID Connect Core §9).
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { workerSeenThrough } from './support/intercept.ts'
import type { Claims } from './support/leaked-key.ts'
import { createParty, type Party } from './support/party.ts'
import { admin, createService, form, ISSUER, json, type Service } from './support/service.ts'
import { createClient } from './support/sign-in.ts'

let written = 0
const service = createService(
  workerSeenThrough(async (_, run) => {
    const results = await run()
    for (const { meta } of results) written += meta.rows_written
    return results
  }),
)
const JWKS_URI = 'https://keys.example/jwks.json'
const REGISTRATION = { type: 'confidential', token_endpoint_auth_method: 'private_key_jwt' }
let party: Party
let other: Party
let clientId: string

beforeAll(async () => {
  party = await createParty('first')
  other = await createParty('second')
  clientId = await clientWith({ jwks: { keys: [party.publicJwk, other.publicJwk] } })
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const clientWith = async (keys: Claims, at: Service = service): Promise<string> =>
  (await createClient(at, { ...REGISTRATION, ...keys })).client_id

const ask = (
  fields: Readonly<Record<string, string>>,
  headers: Record<string, string> = {},
  at = service,
) => {
  const init = form({ grant_type: 'refresh_token', refresh_token: 'x', ...fields })
  return at.request('/oauth2/token', { ...init, headers: { ...(init.headers as object), ...headers } })
}

/** `invalid_grant`: the client was known, and only its token was not. */
const outcome = async (answer: Response | Promise<Response>): Promise<string> =>
  ((await (await answer).json()) as { error: string }).error

const show = async (claims: Claims = {}, header: Claims = {}, holder = party) =>
  outcome(ask({ ...(await holder.assertion(service, clientId, claims, header)) }))

describe('a client assertion', () => {
  it('TK-06: is taken once, at every endpoint, for the issuer or an endpoint that is named for it, from any of its keys', async () => {
    expect(await show()).toBe('invalid_grant')
    for (const aud of [`${ISSUER}/oauth2/token`, `${ISSUER}/oauth2/par`, [ISSUER]]) {
      expect(await show({ aud })).toBe('invalid_grant')
    }
    expect(await show({ iat: undefined, exp: service.now - 59 })).toBe('invalid_grant')
    expect(await show({ iat: service.now + 60, nbf: service.now + 60, exp: service.now + 360 })).toBe(
      'invalid_grant',
    )
    for (const typ of ['JWT', 'client-authentication+jwt']) {
      expect(await show({}, { typ })).toBe('invalid_grant')
    }
    expect(await show({}, {}, other)).toBe('invalid_grant')
    const named = await party.assertion(service, clientId)
    expect(await outcome(ask({ client_id: clientId, ...named }))).toBe('invalid_grant')
    for (const path of ['/oauth2/revoke', '/oauth2/introspect']) {
      const shown = await party.assertion(service, clientId)
      expect((await service.request(path, form({ token: 'x', ...shown }))).status).toBe(200)
    }
    const shown = await party.assertion(service, clientId)
    const uses = await Promise.all(Array.from({ length: 20 }, () => outcome(ask({ ...shown }))))
    expect(uses.sort()).toEqual([...Array(19).fill('invalid_client'), 'invalid_grant'])
  })

  it('JW-01, JW-03, JW-04, JW-06, TK-06: is refused in any other form, and none of them costs a row', async () => {
    const stranger = await createParty('first')
    const before = written
    const changes: readonly (readonly [Claims, Claims?])[] = [
      ...['none', 'HS256', 'RS256', 'ES384', 'es256', undefined].map(alg => [{}, { alg }] as const),
      ...['at+jwt', 'dpop+jwt', 'magic-link+jwt', '', 1, null].map(typ => [{}, { typ }] as const),
      ...['second', 'third', '', 1, '__proto__', undefined].map(kid => [{}, { kid }] as const),
      [{}, { crit: ['exp'] }],
      [{}, { b64: true }],
      [{}, { jwk: party.publicJwk }],
      [{}, { jku: JWKS_URI }],
      [{}, { x5c: ['AA'] }],
      ...['iss', 'sub', 'aud', 'exp', 'jti'].map(name => [{ [name]: undefined }] as const),
      [{ iss: 'somebody' }],
      [{ sub: 'account', iss: 'account' }],
      [{ sub: 'c_unknown', iss: 'c_unknown' }],
      ...[
        `${ISSUER}/`,
        'https://auth.test:8443',
        'https://evil.test',
        [[ISSUER]],
        [ISSUER, 'x'],
        [],
        '',
        1,
      ].map(aud => [{ aud }] as const),
      ...[-60, 361, 3_600, 0.5, 1e12].map(ahead => [{ exp: service.now + ahead }] as const),
      [{ exp: `${service.now + 60}` }],
      [{ iat: service.now + 61 }],
      [{ iat: null }],
      [{ nbf: service.now + 61 }],
      [{ nbf: 'now' }],
      ...[null, '', 1, {}, 'x'.repeat(257)].map(jti => [{ jti }] as const),
    ]
    for (const [claims, header] of changes) {
      expect([claims, header, await show(claims, header)]).toEqual([claims, header, 'invalid_client'])
    }
    expect(await show({}, {}, stranger)).toBe('invalid_client')
    const { client_assertion: good, client_assertion_type: type } = await party.assertion(service, clientId)
    const odd = [`${good}=`, ` ${good}`, `${good}.`, good.replace('.', '..'), 'x', 'a.b.c', 'x'.repeat(9_000)]
    for (const client_assertion of odd) {
      expect(await outcome(ask({ client_assertion_type: type, client_assertion }))).toBe('invalid_client')
    }
    for (const fields of [
      { client_assertion: good },
      { client_assertion_type: type },
      {
        client_assertion: good,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      },
    ] as Record<string, string>[]) {
      expect(await outcome(ask(fields))).toBe('invalid_client')
    }
    expect(written).toBe(before)
    expect(await outcome(ask({ client_assertion: good, client_assertion_type: type }))).toBe('invalid_grant')
  })

  it('TK-06: beside another method is invalid_request; instead of the registered one it is invalid_client', async () => {
    const shown = async (id = clientId) => ({ ...(await party.assertion(service, id)) })
    const basic = { Authorization: `Basic ${btoa(`${clientId}:x`)}` }
    expect(await outcome(ask({ ...(await shown()), client_secret: 'x' }))).toBe('invalid_request')
    expect(await outcome(ask(await shown(), basic))).toBe('invalid_request')
    expect(await outcome(ask({ ...(await shown()), client_id: 'another' }))).toBe('invalid_request')
    const public_ = await createClient(service)
    const secret = await createClient(service, { type: 'confidential' })
    for (const { client_id } of [public_, secret]) {
      expect(await outcome(ask(await shown(client_id)))).toBe('invalid_client')
    }
    expect(await outcome(ask({ client_id: clientId }))).toBe('invalid_client')
    expect(await outcome(ask({ client_id: clientId, client_secret: 'x' }))).toBe('invalid_client')
    expect(await outcome(ask({}, basic))).toBe('invalid_client')
  })

  it('may leave out the name of an only key', async () => {
    const nameless = await createParty()
    for (const keys of [[nameless.publicJwk], [{ ...nameless.publicJwk, kid: 'named' }]]) {
      const id = await clientWith({ jwks: { keys } })
      expect(await outcome(ask({ ...(await nameless.assertion(service, id)) }))).toBe('invalid_grant')
    }
  })
})

describe('keys at a jwks_uri', () => {
  /** A service of its own, with a place that publishes these keys. */
  async function withKeys(...keys: unknown[]) {
    const at = createService()
    const published = { keys, status: 200 }
    at.answers = async () =>
      new Response(JSON.stringify({ keys: published.keys }), { status: published.status })
    const id = await clientWith({ jwks_uri: JWKS_URI }, at)
    const show = async (holder: Party, header: Claims = {}) =>
      outcome(ask({ ...(await holder.assertion(at, id, {}, header)) }, {}, at))
    return { at, published, show }
  }

  it('are fetched once for requests that arrive together, and kept for five minutes', async () => {
    const { at, show } = await withKeys({ kty: 'RSA', n: 'AQAB', e: 'AQAB' }, party.publicJwk)
    const answers = await Promise.all(Array.from({ length: 10 }, () => show(party)))
    expect(new Set(answers)).toEqual(new Set(['invalid_grant']))
    at.now += 299
    expect(await show(party)).toBe('invalid_grant')
    expect(at.outbound.map(({ uri }) => uri)).toEqual([JWKS_URI])
    at.now += 1
    expect(await show(party)).toBe('invalid_grant')
    expect(at.outbound).toHaveLength(2)
    const headers = new Headers(at.outbound[0]?.init.headers)
    expect([...headers.keys()]).toEqual(['accept', 'user-agent'])
  })

  it('AP-06: are asked for once a minute at most, whatever key is named, and never for an assertion that is none', async () => {
    const { at, published, show } = await withKeys(party.publicJwk)
    expect(await show(other, { alg: 'RS256' })).toBe('invalid_client')
    expect(at.outbound).toHaveLength(0)
    for (let round = 0; round < 20; round++) {
      expect(await show(other, { kid: `unknown-${round}` })).toBe('invalid_client')
    }
    expect(at.outbound).toHaveLength(1)
    // The client moves on to another key: seen within a minute.
    published.keys = [other.publicJwk]
    at.now += 59
    expect([await show(other), await show(party)]).toEqual(['invalid_client', 'invalid_grant'])
    at.now += 1
    expect([await show(other), await show(party)]).toEqual(['invalid_grant', 'invalid_client'])
    expect(at.outbound).toHaveLength(2)
  })

  it('that cannot be fetched prove nothing, and what is known goes on until it is too old', async () => {
    const { at, published, show } = await withKeys(party.publicJwk)
    expect(await show(party)).toBe('invalid_grant')
    published.status = 500
    at.now += 200
    expect([await show(other), await show(party)]).toEqual(['invalid_client', 'invalid_grant'])
    at.now += 100
    expect(await show(party)).toBe('invalid_client')
    published.status = 200
    for (const keys of [[], [party.privateJwk], [{ ...party.publicJwk, use: 'enc' }], [null], ['x']]) {
      published.keys = keys
      at.now += 60
      expect(await show(party)).toBe('invalid_client')
    }
    published.keys = [party.publicJwk]
    at.now += 60
    expect(await show(party)).toBe('invalid_grant')
  })

  it('WH-03: behind a redirect or in a place that is none are not fetched', async () => {
    const { at, show } = await withKeys(party.publicJwk)
    at.answers = async () => new Response(null, { status: 302, headers: { Location: 'https://10.0.0.1/' } })
    expect(await show(party)).toBe('invalid_client')
    expect(at.outbound).toHaveLength(1)
    // As if an older rule had let it in.
    const id = await clientWith({ jwks_uri: JWKS_URI }, at)
    const edited = `UPDATE clients SET registration = json_set(registration, '$.jwks_uri', ?) WHERE id = ?`
    await at.parts.shards.global.prepare(edited).bind('http://keys.example/', id).run()
    const shown = await party.assertion(at, id)
    expect(await outcome(ask({ ...shown }, {}, at))).toBe('invalid_client')
    expect(at.outbound).toHaveLength(1)
  })
})

describe('registering keys', () => {
  const register = (fields: Claims, at: Service = service) =>
    at.request(
      '/admin/v1/clients',
      admin(at, json({ name: 'x', kind: 'first_party', scopes: [], ...REGISTRATION, ...fields })),
    )

  it('gives no secret, and keeps public members only', async () => {
    const jwk = { ...party.publicJwk, use: 'sig', alg: 'ES256' }
    const response = await register({ jwks: { keys: [{ ...jwk, unknown: 'x' }], unknown: 'x' } })
    expect(response.status).toBe(201)
    const client = (await response.json()) as Claims
    expect(client).toMatchObject({ jwks: { keys: [jwk] }, jwks_uri: null })
    expect(JSON.stringify(client)).not.toMatch(/client_secret"|unknown/)
    expect(await (await register({ jwks_uri: JWKS_URI })).json()).toMatchObject({
      jwks: null,
      jwks_uri: JWKS_URI,
    })
  })

  it('WH-02, KY-02: takes public keys of one kind from exactly one place, for confidential clients', async () => {
    const jwks = { keys: [party.publicJwk] }
    const wrong: readonly Claims[] = [
      {},
      { jwks, jwks_uri: JWKS_URI },
      { jwks, type: 'public', token_endpoint_auth_method: 'none' },
      { jwks, token_endpoint_auth_method: 'client_secret_basic' },
      { jwks_uri: JWKS_URI, token_endpoint_auth_method: undefined },
      ...[
        [],
        [party.privateJwk],
        [party.publicJwk, party.publicJwk],
        [party.publicJwk, { ...other.publicJwk, kid: undefined }],
        [party.publicJwk, { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'rsa' }],
        [{ kty: 'oct', k: 'AAAA', kid: 'secret' }],
        [{ ...party.publicJwk, k: 'AAAA' }],
        [{ ...party.publicJwk, crv: 'P-384' }],
        [{ ...party.publicJwk, x: `${party.publicJwk.x}=` }],
        [{ ...party.publicJwk, y: 'AA' }],
        [{ ...party.publicJwk, alg: 'ES384' }],
        [{ ...party.publicJwk, use: 'enc' }],
        [{ ...party.publicJwk, key_ops: ['sign'] }],
        [{ ...party.publicJwk, kid: 1 }],
        [{ ...party.publicJwk, kid: 'x'.repeat(257) }],
        Array.from({ length: 21 }, (_, nth) => ({ ...party.publicJwk, kid: `${nth}` })),
        [null],
        'x',
      ].map(keys => ({ jwks: { keys } })),
      ...[[], 'x', 1].map(set => ({ jwks: set })),
      ...[
        'http://keys.example/',
        'https://localhost/',
        'https://10.0.0.1/jwks',
        'https://[::ffff:127.0.0.1]/',
        'https://keys.example:22/',
        'https://user@keys.example/',
        'http://127.0.0.1:8080/',
        '',
        1,
      ].map(uri => ({ jwks_uri: uri })),
    ]
    for (const fields of wrong) {
      const refused = await register(fields)
      expect([fields, refused.status]).toEqual([fields, 400])
    }
    const local = createService({ ISSUER: 'http://localhost:8787', LOOPBACK_TARGETS: 'on' })
    expect((await register({ jwks_uri: 'http://127.0.0.1:8080/jwks' }, local)).status).toBe(201)
  })
})
