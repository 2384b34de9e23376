// Tokens that are worth nothing without a key (RFC 9449).
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { deleteExpiredJtis } from '../../src/store/seen-jtis.ts'
import { alarmCount } from './support/alarms.ts'
import { databases, workerSeenThrough } from './support/intercept.ts'
import { type Claims, claimsOf, leakKey } from './support/leaked-key.ts'
import { AT_TOKEN_ENDPOINT, createParty, dpop, type Party, proven } from './support/party.ts'
import { bearer, createService, form, freshAddress, type Service } from './support/service.ts'
import { createClient, requestLink, signIn, type Tokens } from './support/sign-in.ts'

interface Cost {
  read: number
  written: number
}

const cost: Cost = { read: 0, written: 0 }
const service = createService(
  workerSeenThrough(async (_, run) => {
    const results = await run()
    for (const { meta } of results) {
      cost.read += meta.rows_read
      cost.written += meta.rows_written
    }
    return results
  }),
)
const costOf = async (work: () => Promise<unknown>): Promise<Cost> => {
  Object.assign(cost, { read: 0, written: 0 })
  await work()
  return { ...cost }
}

let clientId: string
let party: Party
let other: Party

beforeAll(async () => {
  clientId = (await createClient(service, { session_rule: { limit: null, at_limit: 'refuse' } })).client_id
  party = await createParty()
  other = await createParty()
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

/** Exchanges a link with this proof, or with none. */
async function redeemWith(proof: string | null, client_id = clientId): Promise<Response> {
  const attempt = await requestLink(service, client_id, freshAddress())
  const { token, codeVerifier: code_verifier } = attempt
  const init = form({ grant_type: MAGIC_LINK_GRANT, client_id, token, code_verifier })
  return service.request('/oauth2/token', proof === null ? init : proven(init, proof))
}

async function boundTokens(): Promise<Tokens> {
  const response = await redeemWith(await party.proof(service, AT_TOKEN_ENDPOINT))
  expect(response.status, await response.clone().text()).toBe(200)
  return response.json()
}

const refreshWith = (tokens: Pick<Tokens, 'refresh_token'>, proof: string | null, more: Claims = {}) => {
  const { refresh_token } = tokens
  const init = form({ grant_type: 'refresh_token', client_id: clientId, refresh_token, ...more })
  return service.request('/oauth2/token', proof === null ? init : proven(init, proof))
}

const WHOAMI = 'GET /ping/whoami'
const whoami = (token: string, proof: string) => service.request('/ping/whoami', dpop(token, proof))

/** @param also challenges before that of DPoP */
async function expectRefusal(response: Response, error: string, also = ''): Promise<void> {
  const body = (await response.json()) as Record<string, string>
  expect([response.status, body.error ?? body.code]).toEqual([response.status === 401 ? 401 : 400, error])
  if (response.status === 401) {
    expect(response.headers.get('WWW-Authenticate')).toBe(`${also}DPoP error="${error}", algs="ES256"`)
  }
}

type Change = readonly [what: string, claims: Claims, header?: Claims]

/** What must not pass as a proof of the right key for the right request. */
const tampered = (): readonly Change[] => [
  ['typ missing', {}, { typ: undefined }],
  ...['JWT', 'at+jwt', 'dpop', 'DPoP+JWT', 1].map((typ): Change => [`typ ${typ}`, {}, { typ }]),
  ...['none', 'HS256', 'RS256', 'ES384', 'es256', undefined].map(
    (alg): Change => [`alg ${alg}`, {}, { alg }],
  ),
  ['no key', {}, { jwk: undefined }],
  ['a text for a key', {}, { jwk: JSON.stringify(party.publicJwk) }],
  ['the private key', {}, { jwk: party.privateJwk }],
  ['a key with d empty', {}, { jwk: { ...party.publicJwk, d: '' } }],
  ['another key', {}, { jwk: other.publicJwk }],
  ['a key of another curve', {}, { jwk: { ...party.publicJwk, crv: 'P-384' } }],
  ['a key of another kind', {}, { jwk: { kty: 'oct', k: party.publicJwk.x } }],
  ['a key for encryption', {}, { jwk: { ...party.publicJwk, use: 'enc' } }],
  ['a point that is none', {}, { jwk: { ...party.publicJwk, y: party.publicJwk.x } }],
  ['crit', {}, { crit: ['exp'] }],
  ['b64', {}, { b64: false }],
  ['jku', {}, { jku: 'https://keys.example/' }],
  ['x5c', {}, { x5c: ['AA'] }],
  ...['get', 'POST', 'DELETE', '', null, undefined].map((htm): Change => [`htm ${htm}`, { htm }]),
  ...[
    'https://auth.test/ping/whoami/',
    'https://auth.test/ping',
    'https://auth.test/',
    'http://auth.test/ping/whoami',
    'https://auth.test:8443/ping/whoami',
    'https://evil.test/ping/whoami',
    'https://user@auth.test/ping/whoami',
    '/ping/whoami',
    '',
    ['https://auth.test/ping/whoami'],
    undefined,
  ].map((htu): Change => [`htu ${htu}`, { htu }]),
  ...[61, -61, 3_600, 0.5, 1e12].map((skew): Change => [`iat ${skew}`, { iat: service.now + skew }]),
  ...[undefined, null, `${service.now}`].map((iat): Change => [`iat ${typeof iat}`, { iat }]),
  ...[undefined, null, '', 1, {}, 'x'.repeat(257)].map((jti): Change => [`jti ${jti}`, { jti }]),
  ...[undefined, null, '', 'A'.repeat(43)].map((ath): Change => [`ath ${ath}`, { ath }]),
]

describe('a bound access token', () => {
  it('OA-09: says so, and opens every door of ours with a proof, once for each', async () => {
    const tokens = await boundTokens()
    expect(tokens).toMatchObject({ token_type: 'DPoP' })
    expect(claimsOf(tokens.access_token).cnf).toEqual({ jkt: party.jkt })
    const accessToken = tokens.access_token
    for (const [request, status, body] of [
      [WHOAMI, 200],
      ['GET /v1/sessions', 200],
      ['GET /v1/sessions/current', 200],
      ['POST /v1/sessions/revoke-others', 200, '{}'],
      ['POST /oauth2/logout', 204],
    ] as const) {
      const [method, path = ''] = request.split(' ')
      const proof = await party.proof(service, { request, accessToken })
      const type = { 'Content-Type': 'application/json' }
      const init = body === undefined ? { method } : { method, body, headers: type }
      const response = await service.request(path, dpop(accessToken, proof, init as RequestInit))
      expect([request, response.status]).toEqual([request, status])
    }
    const ended = await whoami(accessToken, await party.proof(service, { request: WHOAMI, accessToken }))
    expect(ended.headers.get('WWW-Authenticate')).toBe('DPoP error="invalid_token", algs="ES256"')
    expect(await ended.json()).toMatchObject({ code: 'session_ended' })
  })

  it('OA-09: fails with any other proof, and none of them costs a row', async () => {
    const { access_token: accessToken } = await boundTokens()
    const about = { request: WHOAMI, accessToken }
    const spent = await costOf(async () => {
      for (const [what, claims, header] of tampered()) {
        const response = await whoami(accessToken, await party.proof(service, about, claims, header))
        expect([what, response.status]).toEqual([what, 401])
        await expectRefusal(response, 'invalid_dpop_proof')
      }
      const [head, payload] = (await party.proof(service, about)).split('.')
      const foreign = await other.proof(service, about)
      for (const proof of ['', 'x', foreign, `${head}.${payload}.${foreign.split('.')[2]}`, accessToken]) {
        await expectRefusal(await whoami(accessToken, proof), 'invalid_dpop_proof')
      }
    })
    expect(spent.written).toBe(0)
    const good = await party.proof(service, about)
    await expectRefusal(await whoami(accessToken, `${good}, ${good}`), 'invalid_dpop_proof')
    expect((await whoami(accessToken, good)).status).toBe(200)
  })

  it('OA-09: takes a proof within 60 s either way, with a query in its htu, with a kid beside the key', async () => {
    const { access_token: accessToken } = await boundTokens()
    const about = { request: WHOAMI, accessToken }
    for (const [claims, header] of [
      [{ iat: service.now - 60 }],
      [{ iat: service.now + 60 }],
      [{ htu: 'https://auth.test/ping/whoami?x=1#y' }],
      [{ htu: 'HTTPS://AUTH.test:443/ping/./whoami' }],
      [{ nonce: 'unasked' }, { kid: 'mine' }],
      [{}, { jwk: { ...party.publicJwk, alg: 'ES256', use: 'sig', kid: 'mine' } }],
    ] as readonly [Claims, Claims?][]) {
      const response = await whoami(accessToken, await party.proof(service, about, claims, header))
      expect([claims, response.status]).toEqual([claims, 200])
    }
    // The host of the request is whatever its sender says: only the issuer counts.
    const init = dpop(accessToken, await party.proof(service, about))
    expect((await service.request('https://evil.test/ping/whoami', init)).status).toBe(200)
  })

  it('OA-09: takes a proof once, also when its uses arrive together; a jti belongs to its key', async () => {
    const { access_token: accessToken } = await boundTokens()
    const about = { request: WHOAMI, accessToken }
    const jti = crypto.randomUUID()
    await redeemWith(await other.proof(service, AT_TOKEN_ENDPOINT, { jti }))
    const proof = await party.proof(service, about, { jti })
    const uses = await Promise.all(Array.from({ length: 20 }, () => whoami(accessToken, proof)))
    expect(uses.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const use of uses.filter(({ status }) => status !== 200)) {
      await expectRefusal(use, 'invalid_dpop_proof')
    }
    const again = await party.proof(service, about, { jti, iat: service.now + 1 })
    await expectRefusal(await whoami(accessToken, again), 'invalid_dpop_proof')
  })

  it('OA-09: is refused as a plain bearer token; an unbound one is refused with a proof', async () => {
    const { access_token: accessToken } = await boundTokens()
    const proof = await party.proof(service, { request: WHOAMI, accessToken })
    for (const init of [bearer(accessToken), proven(bearer(accessToken), proof)]) {
      const refused = await service.request('/ping/whoami', init)
      await expectRefusal(refused, 'invalid_token', 'Bearer error="invalid_token", ')
    }
    const unbound = await signIn(service, clientId, freshAddress())
    const about = { request: WHOAMI, accessToken: unbound.access_token }
    await expectRefusal(
      await whoami(unbound.access_token, await party.proof(service, about)),
      'invalid_token',
    )
    expect((await service.request('/ping/whoami', bearer(unbound.access_token))).status).toBe(200)
    expect((await whoami(accessToken, proof)).status).toBe(200)
  })

  it('OA-09: costs one row read and one written; an unbound one one read and none written', async () => {
    const { access_token: accessToken } = await boundTokens()
    const proof = await party.proof(service, { request: WHOAMI, accessToken })
    expect(await costOf(() => whoami(accessToken, proof))).toEqual({ read: 1, written: 1 })
    const unbound = bearer((await signIn(service, clientId, freshAddress())).access_token)
    expect(await costOf(() => service.request('/ping/whoami', unbound))).toEqual({ read: 1, written: 0 })
  })

  it('I7: that we never issued raises the alarm with and without a proof, and one of ours does not', async () => {
    const { access_token: accessToken } = await boundTokens()
    const leaked = await leakKey(service)
    const before = await alarmCount(service)
    await whoami(accessToken, 'x')
    await service.request('/ping/whoami', bearer(accessToken))
    expect(await alarmCount(service)).toBe(before)
    // The holder of our key takes the binding away, or binds the token to a key of their own.
    const unbound = await leaked.resign(accessToken, { cnf: undefined })
    const rebound = await leaked.resign(accessToken, { cnf: { jkt: other.jkt } })
    const proof = await other.proof(service, { request: WHOAMI, accessToken: rebound })
    const tries = [bearer(unbound), dpop(unbound, 'x'), dpop(rebound, proof)]
    for (const init of tries) expect((await service.request('/ping/whoami', init)).status).toBe(401)
    expect(await alarmCount(service, 'token.forged')).toBe(before + tries.length)
  })
})

describe('the token endpoint', () => {
  it('OA-09: refuses every proof that is not for it, and spends neither link nor proof', async () => {
    const attempt = await requestLink(service, clientId, freshAddress())
    const { token, codeVerifier: code_verifier } = attempt
    const link = form({ grant_type: MAGIC_LINK_GRANT, client_id: clientId, token, code_verifier })
    const send = (proof: string) => service.request('/oauth2/token', proven(link, proof))
    const spent = await costOf(async () => {
      for (const [what, claims, header] of tampered()) {
        if (what.startsWith('ath') || claims.htm === 'POST') continue
        const changes = { ...claims, ...('htu' in claims ? {} : { htu: 'https://auth.test/oauth2/token' }) }
        const response = await send(await party.proof(service, AT_TOKEN_ENDPOINT, changes, header))
        expect([what, response.status]).toEqual([what, 400])
        await expectRefusal(response, 'invalid_dpop_proof')
      }
    })
    expect(spent.written).toBe(0)
    const proof = await party.proof(service, AT_TOKEN_ENDPOINT)
    const wrong = form({ grant_type: 'refresh_token', client_id: clientId, refresh_token: 'x' })
    expect(await costOf(() => service.request('/oauth2/token', proven(wrong, proof)))).toMatchObject({
      written: 0,
    })
    expect((await send(proof)).status).toBe(200)
    const next = await requestLink(service, clientId, freshAddress())
    const fields = { token: next.token, code_verifier: next.codeVerifier, client_id: clientId }
    const redeem = (header: string) =>
      service.request('/oauth2/token', proven(form({ grant_type: MAGIC_LINK_GRANT, ...fields }), header))
    await expectRefusal(await redeem(proof), 'invalid_dpop_proof')
    expect((await redeem(await party.proof(service, AT_TOKEN_ENDPOINT))).status).toBe(200)
  })

  it('OA-09: binds a public client’s refresh token; without its key it is worth nothing, and stays good', async () => {
    let tokens = await boundTokens()
    for (let round = 0; round < 2; round++) {
      await expectRefusal(await refreshWith(tokens, null), 'invalid_grant')
      const foreign = await other.proof(service, AT_TOKEN_ENDPOINT)
      await expectRefusal(await refreshWith(tokens, foreign), 'invalid_grant')
      const [proof, again] = [
        await party.proof(service, AT_TOKEN_ENDPOINT),
        await party.proof(service, AT_TOKEN_ENDPOINT),
      ]
      const successor = (await (await refreshWith(tokens, proof)).json()) as Tokens
      expect(claimsOf(successor.access_token).cnf).toEqual({ jkt: party.jkt })
      // Within the grace the same successor, for the same key only; a used proof is a used proof.
      await expectRefusal(await refreshWith(tokens, proof), 'invalid_dpop_proof')
      for (const wrong of [null, await other.proof(service, AT_TOKEN_ENDPOINT)]) {
        await expectRefusal(await refreshWith(tokens, wrong), 'invalid_grant')
      }
      expect(await (await refreshWith(tokens, again)).json()).toMatchObject({
        token_type: 'DPoP',
        access_token: successor.access_token,
        refresh_token: successor.refresh_token,
      })
      tokens = successor
    }
    // After the grace, whoever has a copy without the key ends nothing.
    const spent = tokens
    tokens = await (await refreshWith(tokens, await party.proof(service, AT_TOKEN_ENDPOINT))).json()
    service.now += 60
    await expectRefusal(await refreshWith(spent, null), 'invalid_grant')
    const live = await refreshWith(tokens, await party.proof(service, AT_TOKEN_ENDPOINT))
    expect(live.status).toBe(200)
  })

  it('OA-09: binds a refresh token that was free, from the first proof on, also in its grace', async () => {
    const free = await signIn(service, clientId, freshAddress())
    const first = await refreshWith(free, await party.proof(service, AT_TOKEN_ENDPOINT))
    const successor = (await first.json()) as Tokens
    for (const wrong of [null, await other.proof(service, AT_TOKEN_ENDPOINT)]) {
      await expectRefusal(await refreshWith(free, wrong), 'invalid_grant')
      const proof = wrong === null ? null : await other.proof(service, AT_TOKEN_ENDPOINT)
      await expectRefusal(await refreshWith(successor, proof), 'invalid_grant')
    }
    const same = await refreshWith(free, await party.proof(service, AT_TOKEN_ENDPOINT))
    expect(await same.json()).toMatchObject({ refresh_token: successor.refresh_token })
  })

  it('OA-09: leaves a confidential client’s refresh token free, and binds each access token to its proof', async () => {
    const { client_id, client_secret = '' } = await createClient(service, {
      type: 'confidential',
      token_endpoint_auth_method: 'client_secret_post',
    })
    const attempt = await requestLink(service, client_id, freshAddress())
    const send = async (fields: Record<string, string>, proof: string | null): Promise<Tokens> => {
      const init = form({ client_id, client_secret, ...fields })
      const response = await service.request('/oauth2/token', proof === null ? init : proven(init, proof))
      expect(response.status, await response.clone().text()).toBe(200)
      return response.json()
    }
    const link = { token: attempt.token, code_verifier: attempt.codeVerifier }
    let tokens = await send(
      { grant_type: MAGIC_LINK_GRANT, ...link },
      await party.proof(service, AT_TOKEN_ENDPOINT),
    )
    expect(claimsOf(tokens.access_token).cnf).toEqual({ jkt: party.jkt })
    for (const holder of [other, null, party]) {
      const proof = holder === null ? null : await holder.proof(service, AT_TOKEN_ENDPOINT)
      tokens = await send({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }, proof)
      expect(claimsOf(tokens.access_token).cnf).toEqual(holder === null ? undefined : { jkt: holder.jkt })
      expect(tokens).toMatchObject({ token_type: holder === null ? 'Bearer' : 'DPoP' })
    }
  })

  it('OA-09: demands a proof of a client that is registered for bound tokens', async () => {
    const { client_id } = await createClient(service, { dpop_bound_access_tokens: true })
    await expectRefusal(await redeemWith(null, client_id), 'invalid_dpop_proof')
    const response = await redeemWith(await party.proof(service, AT_TOKEN_ENDPOINT), client_id)
    expect(await response.json()).toMatchObject({ token_type: 'DPoP' })
  })

  it('OA-09: writes one row more for a proof', async () => {
    const free = await signIn(service, clientId, freshAddress())
    const before = (await costOf(() => refreshWith(free, null))).written
    const tokens = await boundTokens()
    const proof = await party.proof(service, AT_TOKEN_ENDPOINT)
    expect((await costOf(() => refreshWith(tokens, proof))).written).toBe(before + 1)
  })
})

describe('used proofs', () => {
  const stored = async (): Promise<number> => {
    const counts = await Promise.all(
      databases().map(db => db.prepare('SELECT count(*) AS n FROM seen_jtis').first<{ n: number }>()),
    )
    return counts.reduce((sum, row) => sum + (row?.n ?? 0), 0)
  }

  it('OA-09: are kept as long as they could be accepted, as digests, and removed in bounded chunks', async () => {
    const { access_token: accessToken } = await boundTokens()
    // The latest that is accepted, and so the longest to be kept.
    const iat = service.now + 60
    const proof = await party.proof(service, { request: WHOAMI, accessToken }, { iat })
    expect((await whoami(accessToken, proof)).status).toBe(200)
    const full = await stored()
    service.now += 120
    await keepHouse(service.parts, service.now)
    await expectRefusal(await whoami(accessToken, proof), 'invalid_dpop_proof')
    expect(await stored()).toBeGreaterThan(0)
    service.now += 3_600
    for (const db of databases()) {
      const { meta } = await deleteExpiredJtis(db, service.now, 2).run()
      expect(meta.changes).toBeLessThanOrEqual(2)
    }
    expect(await stored()).toBeGreaterThanOrEqual(full - 6)
    await keepHouse(service.parts, service.now)
    expect(await stored()).toBe(0)
  })

  it('OA-09: cannot be forgotten by a storage that does not answer: 503, never accepted', async () => {
    const { access_token: accessToken } = await boundTokens()
    const away = createService(
      workerSeenThrough(async (sql, run) => {
        if (sql.some(each => each.includes('seen_jtis'))) throw new Error('D1_ERROR: storage is away')
        return run()
      }),
    ) as Service
    away.now = service.now
    const proof = await party.proof(away, { request: WHOAMI, accessToken })
    vi.spyOn(console, 'error').mockReturnValue()
    expect((await away.request('/ping/whoami', dpop(accessToken, proof))).status).toBe(503)
  })
})
