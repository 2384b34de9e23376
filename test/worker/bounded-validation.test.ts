// Tokens for resource servers: memory within the bound, the truth beyond it, and who is told what of the feed.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { COSTS } from '../../src/cli/simulate/costs.ts'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { CLIENT_CACHE_SECONDS, RETIREMENTS_MAX_ROWS } from '../../src/domain/limits.ts'
import { retirementsForCaller, verifyForCaller } from '../../src/rpc/verify-for-caller.ts'
import type { VerifyAcceptance, VerifyDemand } from '../../src/verifier/token-service.ts'
import { alarmCount } from './support/alarms.ts'
import { type Confidential, confidentialClient } from './support/confidential.ts'
import { claimsOf, leakKey } from './support/leaked-key.ts'
import { createParty } from './support/party.ts'
import { createService, form, freshAddress, ISSUER } from './support/service.ts'
import { createClient, requestLink, type Tokens } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const watch = watchDatabases()
const service = createService(watch.bindings)
const API = 'https://bounded.api.test'
const OTHER_API = 'https://other.api.test'
let api: Confidential
let strictApi: Confidential
let otherApi: Confidential
let app: Confidential

beforeAll(async () => {
  api = await confidentialClient(service, { audience: API, strong_scopes: ['pay'] })
  strictApi = await confidentialClient(service, { audience: API, validation_mode: 'strong' })
  otherApi = await confidentialClient(service, { audience: OTHER_API })
  app = await confidentialClient(service, {
    scopes: ['read', 'pay'],
    grant_types: ['refresh_token', MAGIC_LINK_GRANT, 'client_credentials'],
    session_rule: { limit: null, at_limit: 'refuse' },
  })
})
beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue()
  watch.refuses = () => false
  // Out of the bound of whatever a test before has read.
  service.now += 10
})

async function signIn(scope = 'read', audience = API): Promise<Tokens> {
  const { token, codeVerifier } = await requestLink(service, app.client_id, freshAddress(), { scope })
  const link = { grant_type: MAGIC_LINK_GRANT, token, code_verifier: codeVerifier }
  const response = await app.post('/oauth2/token', { ...link, resource: audience })
  expect(response.status).toBe(200)
  return response.json()
}

const end = (tokens: Tokens) => app.post('/oauth2/revoke', { token: tokens.access_token })

/** By another isolate of the same deployment. */
const elsewhere = createService(watch.bindings)
function endElsewhere({ access_token }: Tokens): Promise<Response> {
  const { client_id, client_secret } = app
  elsewhere.now = service.now
  return elsewhere.request('/oauth2/revoke', form({ client_id, client_secret, token: access_token }))
}

async function introspect(token: string, fields: Record<string, string> = {}, by = api) {
  const response = await by.post('/oauth2/introspect', { token, ...fields })
  expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
  return (await response.json()) as {
    active: boolean
    as_of?: number
    position?: string
    remember_until?: number
  }
}

/** The statements that a question costs. */
async function costOf(ask: () => Promise<unknown>): Promise<readonly string[]> {
  const before = watch.statements.length
  await ask()
  return watch.statements.slice(before).map(sql => sql.replace(/\s+/g, ' ').trim())
}

const BUCKET = /^SELECT commitment/
const NEWEST = /^SELECT coalesce\(max\(seq\)/
const FEED = /^SELECT seq, session_id/

describe('introspection', () => {
  it('is bounded: one call for a new token, none within the bound, one row of the feed beyond it', async () => {
    const { access_token } = await signIn()
    await introspect('odd')
    const costs: (readonly string[])[] = []
    for (const seconds of [0, 0, 1, 0]) {
      service.now += seconds
      const cost = await costOf(async () => expect((await introspect(access_token)).active).toBe(true))
      costs.push(cost)
    }
    expect(costs).toEqual([
      [expect.stringMatching(NEWEST), expect.stringMatching(BUCKET)],
      [],
      [expect.stringMatching(FEED)],
      [],
    ])
    expect(costs[0]).toHaveLength(COSTS.firstCheck.queries)
    expect(costs[2]).toHaveLength(COSTS.feedReading.queries)
  })

  it('EB-11 CF-07: what has ended elsewhere is refused a second later, at once where strongly asked; an answer says how old it is', async () => {
    const tokens = await signIn()
    const begun = service.now
    expect(await introspect(tokens.access_token)).toMatchObject({ active: true, as_of: begun })
    await endElsewhere(tokens)
    expect(await introspect(tokens.access_token, { mode: 'strong' })).toEqual({ active: false })
    expect(await introspect(tokens.access_token, {}, strictApi)).toEqual({ active: false })
    expect(await introspect(tokens.access_token)).toMatchObject({ active: true, as_of: begun })
    service.now += 1
    expect(await introspect(tokens.access_token)).toEqual({ active: false })
  })

  it('SE-05: what has ended here is refused at once', async () => {
    const tokens = await signIn()
    expect(await introspect(tokens.access_token)).toMatchObject({ active: true })
    await end(tokens)
    expect(await introspect(tokens.access_token)).toEqual({ active: false })
  })

  it('is always strong for a scope that the resource server says so of', async () => {
    const tokens = await signIn('read pay')
    expect((await introspect(tokens.access_token)).active).toBe(true)
    await endElsewhere(tokens)
    expect(await introspect(tokens.access_token)).toEqual({ active: false })
  })

  it('EB-09: no feed is no acceptance from memory, and no storage is 503', async () => {
    const { access_token } = await signIn()
    await introspect(access_token)
    service.now += 1
    watch.refuses = sql => FEED.test(sql.trim())
    expect(await introspect(access_token)).toMatchObject({ active: true, as_of: service.now })
    service.now += 1
    watch.refuses = sql => /entropy_buckets|bucket_retirements/.test(sql)
    const response = await api.post('/oauth2/introspect', { token: access_token })
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '2'])
  })

  it('EB-06, EB-10: what was never issued rings the bell and is never remembered', async () => {
    const { access_token } = await signIn()
    await introspect(access_token)
    const key = await leakKey(service)
    const forged = await key.sign({ ...claimsOf(access_token), scope: 'read pay' })
    const before = await alarmCount(service, 'token.forged')
    for (const mode of ['bounded', 'strong']) {
      expect(await introspect(forged, { mode })).toEqual({ active: false })
    }
    expect(await alarmCount(service, 'token.forged')).toBe(before + 2)
    expect((await introspect(access_token)).active).toBe(true)
  })

  it('I4: a client’s own token dies with it: at once where it was deleted, elsewhere and in others’ memory within 10 s', async () => {
    const machine = await confidentialClient(service, {
      scopes: ['read'],
      grant_types: ['client_credentials'],
    })
    const wanted = { grant_type: 'client_credentials', scope: 'read', resource: API }
    const getToken = async () =>
      (await (await machine.post('/oauth2/token', wanted)).json<Tokens>()).access_token
    const [first, second, third] = [await getToken(), await getToken(), await getToken()]
    const { client_id, client_secret } = api
    const askElsewhere = async (token: string, fields = {}) => {
      elsewhere.now = service.now
      const asked = form({ client_id, client_secret, token, ...fields })
      return (await elsewhere.request('/oauth2/introspect', asked)).json()
    }
    await introspect(first)
    service.now += CLIENT_CACHE_SECONDS
    const clientRead = expect.stringMatching(/FROM clients WHERE id = /)
    // Who asks, what was retired, and whose token it is.
    const cost = await costOf(() => introspect(first))
    expect(cost).toEqual([clientRead, expect.stringMatching(FEED), clientRead])
    expect(await askElsewhere(first)).toMatchObject({ active: true })
    service.now += CLIENT_CACHE_SECONDS - 1
    expect(await askElsewhere(second)).toMatchObject({ active: true })
    const remembered = await introspect(third, { remember: 'true' })
    expect(remembered.remember_until).toBe(service.now + CLIENT_CACHE_SECONDS)
    const deletion = { method: 'DELETE', headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}` } }
    const deleted = await service.request(`/admin/v1/clients/${machine.client_id}`, deletion)
    expect(deleted.status).toBe(204)
    expect(await introspect(first)).toEqual({ active: false })
    expect(await askElsewhere(third, { remember: 'true' })).toEqual({ active: false })
    service.now += 1
    expect(await askElsewhere(second)).toEqual({ active: false })
  })

  it('answers an unknown mode with 400', async () => {
    const response = await api.post('/oauth2/introspect', { token: 'x', mode: 'offline' })
    expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }])
  })
})

describe('the feed of retirements', () => {
  const authorization = (by: Confidential) =>
    `Basic ${btoa(`${encodeURIComponent(by.client_id)}:${by.client_secret}`)}`
  const basic: { api?: Confidential; other?: Confidential } = {}
  beforeAll(async () => {
    const registration = { token_endpoint_auth_method: 'client_secret_basic' }
    basic.api = await confidentialClient(service, { ...registration, audience: API, strong_scopes: ['pay'] })
    basic.other = await confidentialClient(service, { ...registration, audience: OTHER_API })
  })
  const read = async (by: Confidential | undefined, after?: string) => {
    const query = after === undefined ? '' : `?after=${after}`
    const headers: Record<string, string> = by === undefined ? {} : { Authorization: authorization(by) }
    const response = await service.request(`/v1/retirements${query}`, { headers })
    return {
      status: response.status,
      body: (await response.json()) as { retired: string[]; position: string; kids: string[] },
    }
  }

  it('tells a resource server what of its audience was retired since, and nobody else', async () => {
    const [start, otherStart] = [await read(basic.api), await read(basic.other)]
    expect(start).toMatchObject({ status: 200, body: { retired: [] } })
    const [ours, theirs] = [await signIn(), await signIn('read', OTHER_API)]
    await Promise.all([end(ours), end(theirs)])
    const jtiOf = ({ access_token }: Tokens) => String(claimsOf(access_token).jti)
    const told = await read(basic.api, start.body.position)
    expect(told.body.retired).toContain(jtiOf(ours))
    expect(told.body.retired).not.toContain(jtiOf(theirs))
    expect((await read(basic.other, otherStart.body.position)).body.retired).toContain(jtiOf(theirs))
    expect((await read(basic.other, start.body.position)).status).toBe(410)
    expect((await read(basic.api, told.body.position)).body.retired).toEqual([])
    expect(told.body.kids).toEqual(
      (await service.parts.keys.publicJwks(service.now)).keys.map(({ kid }) => kid),
    )
  })

  it('AP-07: is not for the nameless, for public clients or for tokens', async () => {
    expect((await read(undefined)).status).toBe(401)
    const { access_token } = await signIn()
    const response = await service.request('/v1/retirements', {
      headers: { Authorization: `Bearer ${access_token}` },
    })
    expect(response.status).toBe(401)
  })

  it('says when it does not go on from a position: another map of shards, or entries that are gone', async () => {
    const { body } = await read(basic.api)
    const [first = ''] = body.position.split(',')
    const [feed] = first.split(':')
    expect((await read(basic.api, `${feed}:999999999`)).status).toBe(410)
    expect((await read(basic.api, '0-511:1')).status).toBe(410)
    const tooMany = `${body.position},${first}`
    for (const odd of ['0', 'x:1', `${feed}:-1`, `${feed}:01`, '', tooMany])
      expect((await read(basic.api, odd)).status).toBe(400)
  })

  it('EB-11: does not go on where more was retired since than is told at once', async () => {
    const { body } = await read(basic.api)
    await service.parts.shards.global
      .prepare(
        `WITH RECURSIVE each (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM each WHERE number < ?1)
         INSERT INTO bucket_retirements (session_id, generation, retired_at, audience)
         SELECT 's_many', 1, ?2, ?3 FROM each`,
      )
      .bind(RETIREMENTS_MAX_ROWS, service.now, API)
      .run()
    expect((await read(basic.api, body.position)).status).toBe(410)
  })

  it('EB-11: does not go on once its terms are others: what was remembered on the former ones is forgotten', async () => {
    const registration = { token_endpoint_auth_method: 'client_secret_basic' }
    const changing = await confidentialClient(service, { ...registration, audience: API })
    const { body } = await read(changing)
    expect((await read(changing, body.position)).status).toBe(200)
    for (const change of [
      { strong_scopes: ['pay'] },
      { validation_mode: 'strong' },
      { audience: OTHER_API },
    ] as const) {
      const before = (await read(changing)).body.position
      const response = await service.request(`/admin/v1/clients/${changing.client_id}`, {
        method: 'PATCH',
        headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(change),
      })
      expect(response.status).toBe(200)
      expect((await read(changing, before)).status).toBe(410)
    }
  })

  it('begins where the answer to a remembered token says', async () => {
    const tokens = await signIn()
    const { position = '', remember_until } = await introspect(tokens.access_token, { remember: 'true' })
    expect(remember_until).toBe(claimsOf(tokens.access_token).exp)
    await end(tokens)
    expect((await read(basic.api, position)).body.retired).toContain(claimsOf(tokens.access_token).jti)
    const strict = await introspect((await signIn('pay')).access_token, { remember: 'true' })
    expect(strict).toMatchObject({ active: true })
    expect(strict).not.toHaveProperty('position')
    // Of another audience the caller's feed does not tell, though the token was issued to it.
    const forOthers = await introspect((await signIn()).access_token, { remember: 'true' }, app)
    expect(forOthers).toMatchObject({ active: true })
    expect(forOthers).not.toHaveProperty('position')
  })
})

describe('over a service binding', () => {
  const facts = () => ({ now: service.now, nowMs: service.now * 1_000, waitUntil: () => {} })
  const verify = (
    token: string,
    demand: VerifyDemand = {},
    props: { client_id?: string } = { client_id: api.client_id },
  ) => verifyForCaller(service.parts, props, token, demand, facts())

  it('OA-03: a token is shown to its resource server, with the claims but not the bucket', async () => {
    const { access_token } = await signIn()
    const { eb: _, amr: __, ...claims } = claimsOf(access_token)
    expect(await verify(access_token)).toEqual({ tag: 'accepted', claims, as_of: service.now })
    expect(await verify(access_token, { audience: API, scope: 'read' })).toMatchObject({ tag: 'accepted' })
    expect(await verify(access_token, { scope: 'read pay' })).toEqual({
      tag: 'refused',
      code: 'insufficient_scope',
    })
    expect(await verify(access_token, { audience: ISSUER })).toEqual({
      tag: 'refused',
      code: 'invalid_token',
    })
    const others = { client_id: otherApi.client_id }
    expect(await verify(access_token, {}, others)).toEqual({ tag: 'refused', code: 'invalid_token' })
    expect(await verify(access_token, { audience: API }, others)).toEqual({
      tag: 'refused',
      code: 'invalid_token',
    })
  })

  it('OA-03: a token that was issued to the resource server itself, for others, is none of its own', async () => {
    const facing = await confidentialClient(service, {
      ...{ audience: OTHER_API, scopes: ['read'] },
      grant_types: ['refresh_token', MAGIC_LINK_GRANT],
    })
    const { token, codeVerifier } = await requestLink(service, facing.client_id, freshAddress(), {
      scope: 'read',
    })
    const link = { grant_type: MAGIC_LINK_GRANT, token, code_verifier: codeVerifier, resource: API }
    const { access_token } = (await (await facing.post('/oauth2/token', link)).json()) as Tokens
    const itself = { client_id: facing.client_id }
    const refused = { tag: 'refused', code: 'invalid_token' }
    for (const demand of [{}, { mode: 'strong' }, { remember: true }] as const) {
      expect(await verify(access_token, demand, itself)).toEqual(refused)
      expect(await verify(access_token, demand)).toMatchObject({ tag: 'accepted' })
    }
    expect(await verify(access_token, { audience: API }, itself)).toMatchObject({ tag: 'accepted' })
  })

  it('nobody is told anything without the props of a confidential client', async () => {
    const { access_token } = await signIn()
    for (const props of [{}, { client_id: 'nobody' }, { client_id: 'account' }]) {
      expect(await verify(access_token, {}, props)).toEqual({ tag: 'refused', code: 'unauthorized_client' })
    }
  })

  it('nor is the feed: it is told to whom the position was given, and goes on from there', async () => {
    const tokens = await signIn()
    const { memory } = (await verify(tokens.access_token, { remember: true })) as VerifyAcceptance
    if (memory === undefined) throw new Error('no position')
    await end(tokens)
    const read = (props: { client_id?: string }) =>
      retirementsForCaller(service.parts, props, memory.position, service.now)
    expect((await read({ client_id: api.client_id }))?.retired).toContain(claimsOf(tokens.access_token).jti)
    for (const props of [{}, { client_id: 'nobody' }, { client_id: otherApi.client_id }]) {
      expect([props, await read(props)]).toEqual([props, null])
    }
    // On the same terms, and anybody could be it.
    const open = await createClient(service, { audience: API, strong_scopes: ['pay'] })
    expect(await read({ client_id: open.client_id })).toBeNull()
  })

  it('EB-11: a dead token is refused with the reason, and remembered only with a position in the feed', async () => {
    const tokens = await signIn()
    const { memory } = (await verify(tokens.access_token, { remember: true })) as {
      memory?: { until: number }
    }
    expect(memory?.until).toBe(claimsOf(tokens.access_token).exp)
    await end(tokens)
    const ended_at = new Date(service.now * 1_000).toISOString().replace('.000Z', 'Z')
    const dead = { tag: 'refused', code: 'session_ended', reason: 'signed_out', ended_at }
    expect(await verify(tokens.access_token, { mode: 'strong' })).toEqual(dead)
    expect(await verify(tokens.access_token, { remember: true })).toEqual(dead)
  })

  it('EB-09: out of reach is a refusal that says so', async () => {
    const { access_token } = await signIn()
    watch.refuses = sql => /entropy_buckets/.test(sql)
    expect(await verify(access_token)).toEqual({ tag: 'refused', code: 'unavailable' })
  })

  it('DP-04: a bound token is good with its proof for this request, once', async () => {
    const party = await createParty()
    const wanted = { scope: 'read' }
    const { token, codeVerifier } = await requestLink(service, app.client_id, freshAddress(), wanted)
    const link = { grant_type: MAGIC_LINK_GRANT, token, code_verifier: codeVerifier, resource: API }
    const proof = await party.proof(service, { request: 'POST /oauth2/token' })
    const response = await app.post('/oauth2/token', link, { DPoP: proof })
    const { access_token } = (await response.json()) as Tokens
    const text = await party.proof(service, { request: 'GET /notes', accessToken: access_token })
    const shown = { text, method: 'GET', uri: `${ISSUER}/notes` }
    const refused = { tag: 'refused', code: 'invalid_dpop_proof' }
    expect(await verify(access_token)).toEqual(refused)
    expect(await verify(access_token, { remember: true })).toEqual(refused)
    expect(await verify(access_token, { proof: { ...shown, method: 'POST' } })).toEqual(refused)
    const stranger = await createParty()
    const theirs = await stranger.proof(service, { request: 'GET /notes', accessToken: access_token })
    const cost = await costOf(async () =>
      expect(await verify(access_token, { proof: { ...shown, text: theirs } })).toEqual(refused),
    )
    // Whoever proves nothing writes nothing.
    expect(cost.filter(sql => sql.startsWith('INSERT'))).toEqual([])
    const accepted = await verify(access_token, { proof: shown, remember: true })
    expect(accepted).toMatchObject({ tag: 'accepted' })
    expect(accepted).not.toHaveProperty('memory')
    expect(await verify(access_token, { proof: shown })).toEqual(refused)
    const bearer = (await signIn()).access_token
    expect(await verify(bearer, { proof: shown })).toEqual(refused)
  })
})
