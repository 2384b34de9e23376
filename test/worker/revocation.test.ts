// Ending a session at its own holder's wish: /oauth2/revoke (RFC 7009) and /oauth2/logout.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { alarmCount } from './support/alarms.ts'
import { claimsOf, leakKey } from './support/leaked-key.ts'
import { refreshing } from './support/refreshing.ts'
import { bearer, createService, form, freshAddress } from './support/service.ts'
import { createClient, requestLink, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
let clientId: string
let otherId: string

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
  otherId = (await createClient(service)).client_id
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const { whoami, isLive, use, refused, endings } = refreshing(service)
const start = () => signIn(service, clientId, freshAddress())
const revoke = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => {
  const init = form(fields)
  return service.request('/oauth2/revoke', { ...init, headers: { ...(init.headers as object), ...headers } })
}
const logout = (token: string) => service.request('/oauth2/logout', bearer(token, { method: 'POST' }))

async function expectSignedOut(tokens: Tokens): Promise<void> {
  expect(await (await whoami(tokens.access_token)).json()).toMatchObject({
    code: 'session_ended',
    reason: 'signed_out',
  })
  expect(await refused(tokens)).toBe('invalid_grant')
  const { sid } = claimsOf(tokens.access_token)
  expect(await endings(tokens)).toMatchObject([
    { session_id: sid, reason: 'signed_out', by: { kind: 'session', session_id: sid } },
  ])
}

describe('POST /oauth2/revoke', () => {
  const HINTS = [undefined, 'refresh_token', 'access_token', 'id_token', 'nonsense']

  it.each(HINTS)(
    'OA-01, OA-02: a refresh token, with the hint %s, ends its session and its access tokens',
    async hint => {
      const tokens = await start()
      const fields = { client_id: clientId, token: tokens.refresh_token }
      const response = await revoke(hint === undefined ? fields : { ...fields, token_type_hint: hint })
      expect([response.status, await response.text()]).toEqual([200, ''])
      await expectSignedOut(tokens)
    },
  )

  it.each(HINTS)(
    'OA-01: an access token, with the hint %s, ends its session and its refresh token',
    async hint => {
      const tokens = await start()
      const fields = { client_id: clientId, token: tokens.access_token }
      const response = await revoke(hint === undefined ? fields : { ...fields, token_type_hint: hint })
      expect(response.status).toBe(200)
      await expectSignedOut(tokens)
    },
  )

  it('OA-02: a refresh token that was rotated already ends the session all the same', async () => {
    const first = await start()
    const second = await use(await use(first))
    expect((await revoke({ client_id: clientId, token: first.refresh_token })).status).toBe(200)
    await expectSignedOut(second)
  })

  it('OA-01: an access token that was rotated ends nothing', async () => {
    const first = await start()
    const second = await use(first)
    expect((await revoke({ client_id: clientId, token: first.access_token })).status).toBe(200)
    expect(await isLive(second)).toBe(true)
  })

  it('OA-01: the token of another client is 200, and lives on', async () => {
    const tokens = await start()
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const response = await revoke({ client_id: otherId, token })
      expect([response.status, await response.text()]).toEqual([200, ''])
    }
    expect(await isLive(tokens)).toBe(true)
    expect(await isLive(await use(tokens))).toBe(true)
    expect(await endings(tokens)).toEqual([])
  })

  it('OA-01: what is unknown, malformed, forged or dead is 200, and changes nothing', async () => {
    const tokens = await start()
    const dead = await start()
    await logout(dead.access_token)
    const key = await leakKey(service)
    const { sid } = claimsOf(tokens.access_token)
    const alarms = await alarmCount(service)
    const unknown = [
      ...['x', 'r_', `r_${sid}.1.${'A'.repeat(43)}`, `${tokens.refresh_token}A`, `${tokens.access_token}A`],
      ...[dead.access_token, dead.refresh_token, tokens.id_token ?? '', String(sid), 'A'.repeat(30_000)],
    ]
    for (const token of unknown) {
      const response = await revoke({ client_id: clientId, token })
      expect([response.status, await response.text()]).toEqual([200, ''])
    }
    expect(await alarmCount(service)).toBe(alarms)
    const forged = await key.resign(tokens.access_token, { exp: service.now + 86_400 })
    expect((await revoke({ client_id: clientId, token: forged })).status).toBe(200)
    expect(await alarmCount(service)).toBe(alarms + 1)
    expect(await isLive(tokens)).toBe(true)
    expect(await endings(dead)).toHaveLength(1)
  })

  it('OA-01: twice, or fifty times at once, is one end', async () => {
    const tokens = await start()
    const fields = { client_id: clientId, token: tokens.refresh_token }
    const answers = await Promise.all(Array.from({ length: 50 }, () => revoke(fields)))
    expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([200]))
    await expectSignedOut(tokens)
  })

  it('OA-01: needs the client: 401 without it or with a wrong secret, and nothing ends', async () => {
    const registration = { type: 'confidential', token_endpoint_auth_method: 'client_secret_basic' }
    const { client_id, client_secret = '' } = await createClient(service, registration)
    const basic = (secret: string) => ({ Authorization: `Basic ${btoa(`${client_id}:${secret}`)}` })
    const attempt = await requestLink(service, client_id, freshAddress())
    const link = { grant_type: MAGIC_LINK_GRANT, token: attempt.token, code_verifier: attempt.codeVerifier }
    const init = form(link)
    const headers = { ...(init.headers as object), ...basic(client_secret) }
    const issued = await service.request('/oauth2/token', { ...init, headers })
    const { refresh_token: token, access_token } = (await issued.json()) as Tokens

    for (const [fields, headers] of [
      [{ token }, {}],
      [{ token, client_id }, {}],
      [{ token, client_id, client_secret }, {}],
      [{ token, client_id: 'c_unknown' }, {}],
      [{ token }, basic(`${client_secret}x`)],
    ] as const) {
      const response = await revoke(fields, headers)
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ error: 'invalid_client' })
    }
    expect(await isLive({ access_token })).toBe(true)
    expect((await revoke({ token }, basic(client_secret))).status).toBe(200)
    expect(await isLive({ access_token })).toBe(false)
  })

  it('OA-01: without a token is invalid_request', async () => {
    const response = await revoke({ client_id: clientId })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
  })
})

describe('POST /oauth2/logout', () => {
  it('SE-07: ends the session of the token that is presented, and no other', async () => {
    const email = freshAddress()
    const [tokens, elsewhere] = [
      await signIn(service, clientId, email),
      await signIn(service, otherId, email),
    ]
    const response = await logout(tokens.access_token)
    expect([response.status, await response.text()]).toEqual([204, ''])
    await expectSignedOut(tokens)
    expect(await isLive(elsewhere)).toBe(true)
  })

  it('SE-07: of a token that is dead is 401 with the reason, and no second end', async () => {
    const tokens = await start()
    await logout(tokens.access_token)
    const response = await logout(tokens.access_token)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'session_ended', reason: 'signed_out' })
    await expectSignedOut(tokens)
  })

  it('SE-07: needs no scope', async () => {
    const tokens = await signIn(service, clientId, freshAddress(), { scope: 'read' })
    expect((await logout(tokens.access_token)).status).toBe(204)
    await expectSignedOut(tokens)
  })
})
