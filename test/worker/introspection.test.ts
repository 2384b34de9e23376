// POST /oauth2/introspect (RFC 7662): who is told what about which token, and that a dead one is told of like any other.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { alarmCount } from './support/alarms.ts'
import { type Confidential, confidentialClient } from './support/confidential.ts'
import { claimsOf, leakKey, twin, withBadSignature } from './support/leaked-key.ts'
import { bearer, createService, form, freshAddress, ISSUER } from './support/service.ts'
import { createClient, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const watch = watchDatabases()
const service = createService(watch.bindings)
const API = 'https://api.test/v1'
/** The resource server, an app whose tokens are for it, and somebody else. */
let api: Confidential
let app: Confidential
let other: Confidential

beforeAll(async () => {
  api = await confidentialClient(service, { audience: API })
  app = await confidentialClient(service, { scopes: ['openid', 'email', 'read'] })
  other = await confidentialClient(service, { audience: 'https://other.test' })
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

async function start(more: Readonly<Record<string, string>> = {}): Promise<Tokens> {
  const { token, codeVerifier } = await requestLink(service, app.client_id, freshAddress())
  const link = { grant_type: MAGIC_LINK_GRANT, token, code_verifier: codeVerifier }
  const response = await app.post('/oauth2/token', { ...link, ...more })
  expect(response.status).toBe(200)
  return response.json()
}

const introspect = (by: Confidential, token: string, more: Readonly<Record<string, string>> = {}) =>
  by.post('/oauth2/introspect', { token, ...more })

/** What is said of everything that is not live, or not the caller's: byte for byte the same. */
async function expectInactive(response: Response, what?: string): Promise<void> {
  expect([response.status, await response.text()], what).toEqual([200, '{"active":false}'])
  expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
  expect(response.headers.get('Cache-Control')).toBe('no-store')
}

const read = async (response: Response) => {
  expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
  return (await response.json()) as Record<string, unknown>
}

describe('a live access token', () => {
  it('OA-03: is shown, without its user’s name, to the client it was issued to and to its resource server', async () => {
    const { access_token, user_id } = await start({ resource: API })
    const claims = claimsOf(access_token)
    const shown = {
      active: true,
      scope: 'openid email read',
      client_id: app.client_id,
      token_type: 'Bearer',
      sub: user_id,
      aud: API,
      iss: ISSUER,
      exp: claims.exp,
      iat: claims.iat,
      jti: claims.jti,
      sid: claims.sid,
      auth_time: claims.auth_time,
      as_of: service.now,
    }
    for (const by of [app, api]) expect(await read(await introspect(by, access_token))).toStrictEqual(shown)
    await expectInactive(await introspect(other, access_token))
  })

  it('OA-03: for Latchkey itself is shown to its own client only, and with any hint', async () => {
    const { access_token } = await start()
    for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense', '']) {
      const shown = await read(await introspect(app, access_token, { token_type_hint }))
      expect(shown).toMatchObject({ active: true, aud: ISSUER })
      await expectInactive(await introspect(api, access_token, { token_type_hint }))
    }
  })
})

describe('a refresh token', () => {
  it('OA-03: is shown to the client it was issued to while it is the current one, and with any hint', async () => {
    const first = await start()
    const { sid, sub } = claimsOf(first.access_token)
    for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense']) {
      expect(await read(await introspect(app, first.refresh_token, { token_type_hint }))).toStrictEqual({
        active: true,
        scope: 'openid email read',
        client_id: app.client_id,
        sub,
        aud: ISSUER,
        iss: ISSUER,
        exp: service.now + 7 * 86_400,
        iat: service.now,
        sid,
        auth_time: service.now,
      })
    }
    for (const by of [api, other]) await expectInactive(await introspect(by, first.refresh_token))
    const refreshed = { grant_type: 'refresh_token', refresh_token: first.refresh_token }
    const second = (await (await app.post('/oauth2/token', refreshed)).json()) as Tokens
    // Also within its grace: it can be used, but it is current no more.
    await expectInactive(await introspect(app, first.refresh_token))
    expect(await read(await introspect(app, second.refresh_token))).toMatchObject({ active: true, sid })
    await app.post('/oauth2/revoke', { token: second.access_token })
    await expectInactive(await introspect(app, second.refresh_token))
  })

  it('OA-03, SE-05: is not live when its session was idle for too long', async () => {
    const { refresh_token } = await start()
    const before = service.now
    service.now += 7 * 86_400 - 1
    expect(await read(await introspect(app, refresh_token))).toMatchObject({ active: true })
    service.now += 1
    await expectInactive(await introspect(app, refresh_token))
    service.now = before
  })
})

describe('everything else', () => {
  it('OA-03: rotated, signed out, expired, malformed and foreign tokens are inactive, without an alarm', async () => {
    const alarms = await alarmCount(service)
    const [tokens, rotated, ended, revoked, brief] = [
      ...[await start(), await start(), await start(), await start(), await start()],
    ] as [Tokens, Tokens, Tokens, Tokens, Tokens]
    await app.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: rotated.refresh_token })
    await service.request('/oauth2/logout', bearer(ended.access_token, { method: 'POST' }))
    await app.post('/oauth2/revoke', { token: revoked.refresh_token })
    const dead: Record<string, string> = {
      rotated: rotated.access_token,
      ended: ended.access_token,
      'ended, its refresh token': ended.refresh_token,
      revoked: revoked.access_token,
      'revoked, with another signature': twin(revoked.access_token),
      'bad signature': withBadSignature(tokens.access_token),
      'ID token': tokens.id_token ?? '',
      'spoilt refresh token': `${tokens.refresh_token}A`,
      word: 'x',
      'too long': 'A'.repeat(30_000),
      'id of the session': String(claimsOf(tokens.access_token).sid),
    }
    for (const [what, token] of Object.entries(dead)) await expectInactive(await introspect(app, token), what)
    const before = service.now
    service.now += 600
    await expectInactive(await introspect(app, brief.access_token), 'expired')
    service.now = before
    expect(await read(await introspect(app, brief.access_token))).toMatchObject({ active: true })
    expect(await alarmCount(service)).toBe(alarms)
  })

  it('OA-03, I7: a forged token is inactive and raises the alarm, whoever asks', async () => {
    const { access_token } = await start()
    const key = await leakKey(service)
    const alarms = await alarmCount(service, 'token.forged')
    await expectInactive(await introspect(app, await key.resign(access_token, { scope: 'sessions' })))
    await expectInactive(
      await introspect(other, await key.resign(access_token, { aud: 'https://other.test' })),
    )
    expect(await alarmCount(service, 'token.forged')).toBe(alarms + 2)
  })

  it('OA-03: needs a confidential client: 401, told nothing, whatever the token', async () => {
    const { access_token: token } = await start()
    const { client_id: publicId } = await createClient(service)
    const { access_token: own } = await signIn(service, publicId, freshAddress())
    for (const fields of [
      { token },
      { token, client_id: app.client_id },
      { token, client_id: app.client_id, client_secret: 'x' },
      { token, client_id: 'c_unknown', client_secret: 'x' },
      { token: own, client_id: publicId },
      { token: 'x', client_id: publicId },
    ]) {
      const response = await service.request('/oauth2/introspect', form(fields))
      expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([
        401,
        'invalid_client',
      ])
    }
    const asBearer = await service.request('/oauth2/introspect', bearer(token, form({ token })))
    expect(asBearer.status).toBe(401)
  })

  it('OA-03: takes one token, in the body, by POST', async () => {
    const { access_token } = await start()
    const missing = await app.post('/oauth2/introspect', {})
    const inQuery = await app.post(`/oauth2/introspect?token=${access_token}`, {})
    for (const response of [missing, inQuery]) {
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: 'invalid_request' })
    }
    expect((await service.request('/oauth2/introspect')).status).toBe(405)
  })

  it('OA-03, EB-09: is 503 when storage cannot be read, and never `active` by guess', async () => {
    const { access_token, refresh_token } = await start()
    watch.refuses = sql => /FROM (?:entropy_buckets|sessions)/.test(sql)
    for (const token of [access_token, refresh_token]) {
      const response = await introspect(app, token)
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
    }
    watch.refuses = () => false
    expect(await read(await introspect(app, access_token))).toMatchObject({ active: true })
  })
})
