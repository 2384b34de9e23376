// Authorization codes that are worth nothing without a key (RFC 9449 §10), and bound tokens at the endpoints around them.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type App,
  answerOf,
  authorizationRequest,
  connect,
  createApp,
  follow,
  getCode,
} from './support/authorize.ts'
import { type Browser, signInBrowser } from './support/browser.ts'
import { confidentialClient } from './support/confidential.ts'
import { claimsOf } from './support/leaked-key.ts'
import { AT_TOKEN_ENDPOINT, createParty, dpop, type Party, proven } from './support/party.ts'
import { createService, form, freshAddress } from './support/service.ts'
import type { Tokens } from './support/sign-in.ts'

const service = createService()
const AT_PAR = { request: 'POST /oauth2/par' }
let app: App
let visitor: Browser
let party: Party
let other: Party

beforeAll(async () => {
  app = await createApp(service, { session_rule: { limit: null, at_limit: 'refuse' } })
  visitor = await signInBrowser(service, freshAddress())
  party = await createParty()
  other = await createParty()
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

type Code = Awaited<ReturnType<typeof getCode>>

async function exchangeWith(holder: Party | null, { code, codeVerifier }: Code): Promise<Response> {
  const fields = { grant_type: 'authorization_code', client_id: app.clientId, code }
  const init = form({ ...fields, code_verifier: codeVerifier, redirect_uri: app.redirectUri })
  const proof = await holder?.proof(service, AT_TOKEN_ENDPOINT)
  return service.request('/oauth2/token', proof === undefined ? init : proven(init, proof))
}

/** What is pushed, with a proof if there is a holder of a key, and the code that comes of it. */
async function push(holder: Party | null, changes: Readonly<Record<string, string>> = {}) {
  const { path, codeVerifier } = await authorizationRequest(app, changes)
  const init = form(Object.fromEntries(new URLSearchParams(path.slice(path.indexOf('?') + 1))))
  const proof = await holder?.proof(service, AT_PAR)
  const response = await service.request('/oauth2/par', proof === undefined ? init : proven(init, proof))
  return { response, init, proof, codeVerifier }
}

async function codeOf(pushed: Awaited<ReturnType<typeof push>>): Promise<Code> {
  expect(pushed.response.status).toBe(201)
  const { request_uri } = (await pushed.response.json()) as { request_uri: string }
  const query = new URLSearchParams({ client_id: app.clientId, request_uri })
  const { code = '' } = answerOf(await follow(visitor, await visitor.get(`/oauth2/authorize?${query}`)))
  return { code, codeVerifier: pushed.codeVerifier }
}

async function expectOnlyParty(code: Code): Promise<Tokens> {
  for (const holder of [null, other]) {
    const refused = await exchangeWith(holder, code)
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
      400,
      'invalid_grant',
    ])
  }
  const response = await exchangeWith(party, code)
  expect(response.status, await response.clone().text()).toBe(200)
  const tokens = (await response.json()) as Tokens
  expect(tokens).toMatchObject({ token_type: 'DPoP' })
  expect(claimsOf(tokens.access_token).cnf).toEqual({ jkt: party.jkt })
  return tokens
}

describe('an authorization code', () => {
  it('OA-09: that names a key is exchanged by its holder only, and is not spent by others', async () => {
    await expectOnlyParty(await getCode(app, visitor, { dpop_jkt: party.jkt }))
  })

  it('OA-09: that names none yields bearer tokens, or tokens bound to whoever has a proof', async () => {
    const bearer = await connect(app, visitor)
    expect(bearer).toMatchObject({ token_type: 'Bearer' })
    const bound = (await (await exchangeWith(party, await getCode(app, visitor))).json()) as Tokens
    expect(claimsOf(bound.access_token).cnf).toEqual({ jkt: party.jkt })
    const refused = await service.request(
      '/oauth2/token',
      form({ grant_type: 'refresh_token', client_id: app.clientId, refresh_token: bound.refresh_token }),
    )
    expect(await refused.json()).toMatchObject({ error: 'invalid_grant' })
  })

  it('OA-08, OA-09: of a request that was pushed with a proof belongs to its key', async () => {
    await expectOnlyParty(await codeOf(await push(party)))
    await expectOnlyParty(await codeOf(await push(party, { dpop_jkt: party.jkt })))
    await expectOnlyParty(await codeOf(await push(null, { dpop_jkt: party.jkt })))
  })

  it('OA-08, OA-09: is not to be had by a pushed request whose proof is another’s, elsewhere’s or used', async () => {
    const { init, proof = '' } = await push(party)
    const wrong = [
      proof,
      await party.proof(service, AT_TOKEN_ENDPOINT),
      await party.proof(service, AT_PAR, { iat: service.now - 61 }),
      'x',
    ]
    const answers = await Promise.all(wrong.map(each => service.request('/oauth2/par', proven(init, each))))
    answers.push((await push(party, { dpop_jkt: other.jkt })).response)
    for (const answer of answers) {
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ error: 'invalid_dpop_proof' })
    }
  })
})

describe('a bound token', () => {
  it('OA-09: opens userinfo with a proof, and is introspected with its key', async () => {
    const code = await getCode(app, visitor, { scope: 'openid email', dpop_jkt: party.jkt })
    const { access_token: accessToken } = await expectOnlyParty(code)
    const proof = await party.proof(service, { request: 'GET /oauth2/userinfo', accessToken })
    const answer = await service.request('/oauth2/userinfo', dpop(accessToken, proof))
    expect(await answer.json()).toMatchObject({ email_verified: true })
    const elsewhere = await party.proof(service, { request: 'POST /oauth2/userinfo', accessToken })
    expect((await service.request('/oauth2/userinfo', dpop(accessToken, elsewhere))).status).toBe(401)
    const resourceServer = await confidentialClient(service, { audience: 'https://auth.test' })
    const shown = await resourceServer.post('/oauth2/introspect', { token: accessToken })
    expect(await shown.json()).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: party.jkt },
    })
  })
})
