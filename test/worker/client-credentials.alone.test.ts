// The client_credentials grant: a client in its own name, whose tokens die like all others.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { RETENTION_PAST_EXPIRY_SECONDS } from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { alarmCount } from './support/alarms.ts'
import { type Confidential, confidentialClient } from './support/confidential.ts'
import { workerSeenThrough } from './support/intercept.ts'
import { claimsOf, leakKey } from './support/leaked-key.ts'
import { someDigest } from './support/ledger.ts'
import { admin, bearer, createService, form, freshAddress, ISSUER, json } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

const cost = { read: 0, written: 0 }
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
const API = 'https://machines.test/api'
const REGISTRATION = {
  grant_types: ['client_credentials', 'refresh_token'],
  scopes: ['openid', 'email', 'sessions', 'read', 'write'],
}
let machine: Confidential
let api: Confidential

beforeAll(async () => {
  machine = await confidentialClient(service, REGISTRATION)
  api = await confidentialClient(service, { audience: API })
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

type Fields = Readonly<Record<string, string>>
interface Answer {
  readonly access_token: string
  readonly scope: string
}

const ask = (more: Fields = {}, by = machine) =>
  by.post('/oauth2/token', { grant_type: 'client_credentials', ...more })
const start = async (more: Fields = {}, by = machine): Promise<Answer> => {
  const response = await ask(more, by)
  expect(response.status, await response.clone().text()).toBe(200)
  return response.json()
}
const errorOf = async (response: Response) => ((await response.json()) as { error: string }).error
const whoami = (token: string, by = service) => by.request('/ping/whoami', bearer(token))
const introspect = async (token: string, by = machine) =>
  (await (await by.post('/oauth2/introspect', { token })).json()) as Record<string, unknown>
const register = (fields: Readonly<Record<string, unknown>>) =>
  service.request(
    '/admin/v1/clients',
    admin(service, json({ name: 'x', kind: 'first_party', scopes: [], ...fields })),
  )

describe('the token of a client in its own name', () => {
  it('TK-10: has the client as its subject, and neither a user nor a session, nor anything to refresh it', async () => {
    const response = await ask()
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const answer = (await response.json()) as Answer
    expect(answer).toStrictEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'read write',
      client_id: machine.client_id,
    })
    expect(claimsOf(answer.access_token)).toStrictEqual({
      iss: ISSUER,
      sub: machine.client_id,
      aud: ISSUER,
      client_id: machine.client_id,
      scope: 'read write',
      iat: service.now,
      exp: service.now + 600,
      jti: expect.stringMatching(/^m_[a-z2-7]{2}[\w-]{22}\.1$/),
      eb: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  it('TK-10: opens what speaks of the token itself, and nothing that is a user’s', async () => {
    const { access_token } = await start()
    expect(await (await whoami(access_token)).json()).toEqual({
      authenticated: true,
      client_id: machine.client_id,
      user_id: null,
      session_id: null,
    })
    const paths = [
      '/v1/sessions',
      '/v1/sessions/current',
      '/v1/events',
      '/v1/preferences',
      '/oauth2/userinfo',
    ]
    for (const path of paths) {
      const response = await service.request(path, bearer(access_token))
      expect([path, response.status]).toEqual([path, 403])
      expect(await response.json()).toMatchObject({ code: 'insufficient_scope' })
    }
  })

  it('TK-10: has no scope that is about a user, and no other than its client’s', async () => {
    expect((await start({ scope: 'write' })).scope).toBe('write')
    for (const scope of ['openid', 'read email', 'sessions', 'admin', 'read  write', '"']) {
      const response = await ask({ scope })
      expect([scope, response.status, await errorOf(response)]).toEqual([scope, 400, 'invalid_scope'])
    }
  })

  it('TK-10, JW-05: is for the resource asked for, else the audience of the client, else the issuer', async () => {
    const { access_token } = await start({ resource: API })
    expect(claimsOf(access_token).aud).toBe(API)
    const shown = {
      active: true,
      sub: machine.client_id,
      client_id: machine.client_id,
      aud: API,
      scope: 'read write',
    }
    expect(await introspect(access_token, api)).toMatchObject(shown)
    for (const absent of ['sid', 'auth_time', 'username']) {
      expect(await introspect(access_token)).not.toHaveProperty(absent)
    }
    expect(await errorOf(await ask({ resource: 'https://unknown.test' }))).toBe('invalid_target')
    expect(await introspect((await start()).access_token, api)).toEqual({ active: false })
  })

  it('TK-10: costs one row to issue and one to check, and its id has a shard by chance', async () => {
    const shards = new Set<D1Database>()
    for (let count = 0; count < 30; count++) {
      const { access_token } = await start()
      shards.add(service.parts.shards.of(String(claimsOf(access_token).jti).split('.')[0] ?? ''))
    }
    expect(shards.size).toBe(3)
    await start()
    Object.assign(cost, { read: 0, written: 0 })
    const { access_token } = await start()
    expect(cost.written).toBe(1)
    Object.assign(cost, { read: 0, written: 0 })
    expect((await whoami(access_token)).status).toBe(200)
    expect(cost).toEqual({ read: 1, written: 0 })
  })
})

describe('the grant', () => {
  it('TK-10: is registered by confidential clients only, and refused to all who have not', async () => {
    for (const kind of ['first_party', 'third_party']) {
      const grant_types = ['client_credentials']
      expect((await register({ kind, type: 'public', grant_types })).status).toBe(400)
      expect((await register({ kind, type: 'confidential', grant_types })).status).toBe(201)
      expect(
        (await register({ kind, type: 'public', token_endpoint_auth_method: 'none', grant_types })).status,
      ).toBe(400)
    }
    const without = await confidentialClient(service)
    expect(await errorOf(await ask({}, without))).toBe('unauthorized_client')
    const { client_id } = await createClient(service)
    const fields = { grant_type: 'client_credentials', client_id }
    expect(await errorOf(await service.request('/oauth2/token', form(fields)))).toBe('unauthorized_client')
    // Whatever stands in the database: who has not shown a secret gets nothing.
    await service.parts.shards.global
      .prepare(
        `UPDATE clients SET registration = json_set(registration, '$.grant_types', json(?)) WHERE id = ?`,
      )
      .bind('["client_credentials"]', client_id)
      .run()
    service.now += 10
    expect(await errorOf(await service.request('/oauth2/token', form(fields)))).toBe('unauthorized_client')
  })

  it('TK-10: each grant is refused to a client that is registered for another', async () => {
    const grants = ['authorization_code', 'refresh_token', 'client_credentials', MAGIC_LINK_GRANT]
    for (const type of ['public', 'confidential']) {
      for (const own of grants.filter(grant => type === 'confidential' || grant !== 'client_credentials')) {
        const registered = (await (
          await register({
            type,
            grant_types: [own],
            token_endpoint_auth_method: type === 'public' ? 'none' : 'client_secret_post',
          })
        ).json()) as Fields
        const { client_id = '', client_secret } = registered
        for (const grant_type of grants) {
          const secret = client_secret === undefined ? {} : { client_secret }
          const response = await service.request('/oauth2/token', form({ grant_type, client_id, ...secret }))
          const isRefused = response.status !== 200 && (await errorOf(response)) === 'unauthorized_client'
          expect([type, own, grant_type, isRefused]).toEqual([type, own, grant_type, grant_type !== own])
        }
      }
    }
  })

  it('TK-10: no client can have an id that could be a user’s', async () => {
    const confidential = { type: 'confidential' }
    for (const kind of ['u', 's', 'i', 'm']) {
      const client_id = `${kind}_aa${'b'.repeat(22)}`
      expect([kind, (await register({ ...confidential, client_id })).status]).toEqual([kind, 400])
    }
    expect((await register({ ...confidential, client_id: 'u_bank' })).status).toBe(201)
  })
})

describe('its end', () => {
  it('OA-01, SE-07: by /oauth2/revoke of its own client, and of no other', async () => {
    const alarms = await alarmCount(service)
    const { access_token: token } = await start()
    const { access_token: another } = await start()
    expect((await api.post('/oauth2/revoke', { token })).status).toBe(200)
    expect((await whoami(token)).status).toBe(200)
    expect((await machine.post('/oauth2/revoke', { token })).status).toBe(200)
    const ended = await whoami(token)
    expect([ended.status, await ended.json()]).toMatchObject([
      401,
      { code: 'session_ended', reason: 'signed_out' },
    ])
    expect(await introspect(token)).toEqual({ active: false })
    expect((await whoami(another)).status).toBe(200)
    expect(await alarmCount(service)).toBe(alarms)
  })

  it('SE-07: by /oauth2/logout, and every retirement is in the feed', async () => {
    const { access_token } = await start()
    const logout = () => service.request('/oauth2/logout', bearer(access_token, { method: 'POST' }))
    expect((await logout()).status).toBe(204)
    expect((await logout()).status).toBe(401)
    const [id = ''] = String(claimsOf(access_token).jti).split('.')
    const feed = service.parts.shards
      .of(id)
      .prepare('SELECT generation FROM bucket_retirements WHERE session_id = ?')
    expect((await feed.bind(id).all()).results).toEqual([{ generation: 1 }])
  })

  it('I4: with its client: here at once, elsewhere within ten seconds, and for a later client of the same id', async () => {
    const client_id = `machine-${crypto.randomUUID()}`
    const mine = await confidentialClient(service, { ...REGISTRATION, client_id })
    const elsewhere = createService()
    elsewhere.now = service.now
    const { access_token } = await start({}, mine)
    for (const by of [service, elsewhere]) expect((await whoami(access_token, by)).status).toBe(200)
    const path = `/admin/v1/clients/${client_id}`
    await service.request(path, admin(service, { method: 'DELETE' }))
    expect(await (await whoami(access_token)).json()).toMatchObject({ code: 'invalid_token' })
    elsewhere.now += 10
    expect((await whoami(access_token, elsewhere)).status).toBe(401)
    service.now += 61
    await keepHouse(service.parts, service.now)
    const later = await confidentialClient(service, { ...REGISTRATION, client_id })
    expect((await whoami(access_token)).status).toBe(401)
    expect((await whoami((await start({}, later)).access_token)).status).toBe(200)
  })

  it('EB-07: its bucket is kept until it has expired, and then removed', async () => {
    const { access_token } = await start()
    const [id = ''] = String(claimsOf(access_token).jti).split('.')
    const stored = () =>
      service.parts.shards
        .of(id)
        .prepare('SELECT 1 FROM entropy_buckets WHERE session_id = ?')
        .bind(id)
        .first()
    const until = service.now + 600 + RETENTION_PAST_EXPIRY_SECONDS
    await keepHouse(service.parts, until)
    expect(await stored()).not.toBeNull()
    await keepHouse(service.parts, until + 1)
    expect(await stored()).toBeNull()
  })
})

describe('a forged one', () => {
  it('I7, EB-06: raises the alarm, whatever was changed in it or invented', async () => {
    const { access_token } = await start()
    const { client_id } = await createClient(service)
    const user = await signIn(service, client_id, freshAddress())
    const key = await leakKey(service)
    const session = claimsOf(user.access_token)
    const forgeries = [
      await key.resign(access_token, { scope: 'admin' }),
      await key.resign(access_token, { exp: service.now + 86_400 }),
      await key.resign(access_token, { sub: user.user_id, sid: session.sid, auth_time: 1, amr: [] }),
      await key.resign(access_token, { jti: `m_aa${'b'.repeat(22)}.1` }),
      await key.resign(access_token, { jti: String(claimsOf(access_token).jti).replace('.1', '.2') }),
      await key.resign(access_token, { jti: session.jti }),
      await key.resign(user.access_token, { jti: claimsOf(access_token).jti }),
      await key.resign(user.access_token, {
        sid: undefined,
        auth_time: undefined,
        amr: undefined,
        sub: client_id,
      }),
    ]
    const before = await alarmCount(service, 'token.forged')
    const answers = await Promise.all(forgeries.map(forgery => whoami(forgery)))
    for (const answer of answers)
      expect(await answer.json()).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(await alarmCount(service, 'token.forged')).toBe(before + forgeries.length)
    for (const token of [access_token, user.access_token]) expect((await whoami(token)).status).toBe(200)
  })

  it('I4: nobody can write a bucket around an ended session in the guise of one', async () => {
    const { global: db } = service.parts.shards
    const insert = (session_id: string, generation: number, user_id: string | null) =>
      db
        .prepare(
          `INSERT INTO entropy_buckets (session_id, generation, user_id, audience, issued_at, commitment, expires_at)
           VALUES (?, ?, ?, 'a', 1, ?, 2)`,
        )
        .bind(session_id, generation, user_id, someDigest())
        .run()
    await expect(insert(`s_aa${'b'.repeat(22)}`, 1, null)).rejects.toThrow(/CHECK/)
    await expect(insert(`m_aa${'b'.repeat(22)}`, 1, `u_aa${'b'.repeat(22)}`)).rejects.toThrow(
      /session_gone|CHECK/,
    )
    await expect(insert(`m_aa${'b'.repeat(22)}`, 2, null)).rejects.toThrow(/CHECK/)
    await insert(`m_aa${'b'.repeat(22)}`, 1, null)
  })
})
