// What is refused without a look at storage and without an alarm, and what happens when storage cannot be asked.
import { exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { D1_DEADLINE_MS } from '../../src/domain/limits.ts'
import { alarmCount } from './support/alarms.ts'
import { workerSeenThrough } from './support/intercept.ts'
import { type LeakedKey, leakKey, signerOf, withBadSignature } from './support/leaked-key.ts'
import { bearer, createService, form, freshAddress } from './support/service.ts'
import { createClient, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { until } from './support/until.ts'
import { watchDatabases } from './support/watched-databases.ts'

const watch = watchDatabases()
const service = createService(watch.bindings)
let clientId: string
let mine: Tokens
let key: LeakedKey
/** The key of somebody else. */
let foreign: LeakedKey
/** A key of ours that is no longer published. */
let gone: LeakedKey

async function newSigner(kid: string): Promise<LeakedKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return signerOf(kid, (await exportJWK(privateKey)) as JsonWebKey)
}

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
  mine = await signIn(service, clientId, freshAddress())
  key = await leakKey(service)
  foreign = await newSigner(key.kid)
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const { kty, crv, x, y } = await exportJWK(publicKey)
  gone = await signerOf('k_gone', (await exportJWK(privateKey)) as JsonWebKey)
  await service.parts.shards.global
    .prepare(
      'INSERT INTO signing_keys (kid, state, public_jwk, created_at, known_at, gone_at) VALUES (?, ?, ?, 1, 1, 2)',
    )
    .bind('k_gone', 'gone', JSON.stringify({ kty, crv, x, y }))
    .run()
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())
afterEach(() => {
  watch.refuses = () => false
})

const whoami = (token: string) => service.request('/ping/whoami', bearer(token))
const own = () => mine.access_token
const cut = (token: string) => token.split('.') as [string, string, string]

type Refusal = readonly [what: string, code: string, make: () => string | Promise<string>]

const REFUSALS: readonly Refusal[] = [
  ['two parts', 'invalid_token', () => cut(own()).slice(0, 2).join('.')],
  ['four parts', 'invalid_token', () => `${own()}.e30`],
  ['no signature', 'invalid_token', () => own().replace(/[^.]*$/, '')],
  ['padding', 'invalid_token', () => `${own()}=`],
  ['a space within', 'invalid_token', () => own().replace('.', ' .')],
  ['a token twice', 'invalid_token', () => `${own()}, ${own()}`],
  ['a signature in DER form', 'invalid_token', () => `${cut(own()).slice(0, 2).join('.')}.MEUCIQ`],
  ['9 KB, well signed', 'invalid_token', () => key.resign(own(), { more: 'A'.repeat(7_000) })],
  ['deep lists in the header', 'invalid_token', () => `${btoa('['.repeat(5_000))}.e30.${cut(own())[2]}`],
  ['a bad signature', 'invalid_token', () => withBadSignature(own())],
  [
    'a bad signature over changed claims',
    'invalid_token',
    async () => withBadSignature(await key.resign(own(), { sub: 'u_x' })),
  ],
  [
    'the signature of another token',
    'invalid_token',
    async () => [...cut(await key.resign(own(), { sub: 'u_x' })).slice(0, 2), cut(own())[2]].join('.'),
  ],
  ["somebody else's key under our kid", 'invalid_token', () => foreign.resign(own())],
  ['an unknown kid', 'invalid_token', () => key.resign(own(), {}, { kid: 'k_unknown' })],
  ['a kid of Object', 'invalid_token', () => key.resign(own(), {}, { kid: '__proto__' })],
  ['a key that is gone', 'invalid_token', () => gone.resign(own(), { sub: 'u_x' }, { kid: 'k_gone' })],
  ['typ JWT', 'invalid_token', () => key.resign(own(), { sub: 'u_x' }, { typ: 'JWT' })],
  ['typ AT+JWT', 'invalid_token', () => key.resign(own(), { sub: 'u_x' }, { typ: 'AT+JWT' })],
  ['typ application/at+jwt', 'invalid_token', () => key.resign(own(), {}, { typ: 'application/at+jwt' })],
  ['typ magic-link+jwt', 'invalid_token', () => key.resign(own(), {}, { typ: 'magic-link+jwt' })],
  ['no typ', 'invalid_token', () => key.resign(own(), {}, { typ: undefined })],
  ['an ID token', 'invalid_token', () => mine.id_token ?? ''],
  ['a refresh token', 'invalid_token', () => mine.refresh_token],
  ['a critical extension', 'invalid_token', () => key.resign(own(), {}, { crit: ['exp'] })],
  ['a key of its own', 'invalid_token', () => key.resign(own(), {}, { jwk: {} })],
  ['expired now', 'token_expired', () => key.resign(own(), { exp: service.now })],
  ['expired a second ago', 'token_expired', () => key.resign(own(), { exp: service.now - 1 })],
  ['expired half a second ago', 'token_expired', () => key.resign(own(), { exp: service.now - 0.5 })],
  ['expired in 1970', 'token_expired', () => key.resign(own(), { exp: 0, sub: 'u_x' })],
  ['a negative expiry', 'token_expired', () => key.resign(own(), { exp: -1 })],
  ['an expiry before all time', 'token_expired', () => key.sign('{"exp":-1e999}')],
]

describe('refused for its form, signature, typ or expiry', () => {
  it.each(REFUSALS)('EB-08: %s: %s, no look-up, no alarm', async (_, code, make) => {
    const alarms = await alarmCount(service)
    const token = await make()
    await whoami(own())
    const asked = watch.statements.length
    const response = await whoami(token)
    const logout = await service.request('/oauth2/logout', bearer(token, { method: 'POST' }))
    const list = await service.request('/v1/sessions', bearer(token))
    expect(watch.statements.slice(asked)).toEqual([])
    expect([response.status, logout.status, list.status]).toEqual([401, 401, 401])
    expect(await response.json()).toMatchObject({ code })
    expect(await alarmCount(service)).toBe(alarms)
  })

  it('EB-08: a link and its typed code are no bearer tokens', async () => {
    const { token, code } = await requestLink(service, clientId, freshAddress())
    const alarms = await alarmCount(service)
    const asked = watch.statements.length
    expect((await whoami(token)).status).toBe(401)
    expect((await whoami(code)).status).toBe(401)
    expect(watch.statements.slice(asked).filter(sql => !sql.includes('alarms'))).toEqual([])
    expect(await alarmCount(service)).toBe(alarms)
  })

  it('EB-08: 500 texts of chance ask storage nothing', async () => {
    await whoami(own())
    const asked = watch.statements.length
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) => {
        const noise = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(60)))).replace(
          /=/g,
          '',
        )
        const [header, payload, signature] = cut(own())
        return whoami(
          [noise, `${header}.${payload}.${noise}`, `${header}.${noise}.${signature}`][index % 3] ?? '',
        )
      }),
    )
    expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([401]))
    expect(watch.statements.slice(asked)).toEqual([])
  })
})

describe('signature, claims and bucket', () => {
  it('EB-02, I6: one acceptance in eight', async () => {
    const accepted: string[] = []
    for (const isLive of [true, false]) {
      for (const isForUs of [true, false]) {
        const audience = `https://api-${crypto.randomUUID()}.test`
        const { client_id } = await createClient(service, isForUs ? {} : { audience })
        const { access_token } = await signIn(service, client_id, freshAddress())
        if (!isLive) await service.request('/oauth2/logout', bearer(access_token, { method: 'POST' }))
        for (const isSigned of [true, false]) {
          const token = isSigned ? access_token : withBadSignature(access_token)
          const { status } = await service.request('/v1/sessions', bearer(token))
          if (status === 200) accepted.push(JSON.stringify({ isSigned, isForUs, isLive }))
          else expect(status).toBe(401)
        }
      }
    }
    expect(accepted).toEqual(['{"isSigned":true,"isForUs":true,"isLive":true}'])
  })
})

describe('when the bucket cannot be read', () => {
  const isBucketRead = (sql: string) => /FROM entropy_buckets/.test(sql)

  it('EB-09, I6: 503 with Retry-After, of ours and forged alike, and no alarm', async () => {
    const alarms = await alarmCount(service)
    watch.refuses = isBucketRead
    for (const token of [own(), await key.resign(own(), { sub: 'u_x' })]) {
      const response = await whoami(token)
      expect(response.status).toBe(503)
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
    }
    const revoked = await service.request('/oauth2/revoke', form({ client_id: clientId, token: own() }))
    expect(revoked.status).toBe(503)
    expect(await alarmCount(service)).toBe(alarms)
    watch.refuses = () => false
    expect((await whoami(own())).status).toBe(200)
  })

  it('EB-09: 503 once its time is over, where storage does not answer at all', async () => {
    let isHanging = false
    const patient = createService(
      workerSeenThrough((sql, run) =>
        isHanging && sql.some(isBucketRead) ? new Promise(() => undefined) : run(),
      ),
    )
    expect((await patient.request('/ping/whoami', bearer(own()))).status).toBe(200)
    isHanging = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = patient.request('/ping/whoami', bearer(own()))
    await until(() => expect(vi.getTimerCount()).toBeGreaterThan(0))
    await vi.advanceTimersByTimeAsync(D1_DEADLINE_MS)
    vi.useRealTimers()
    expect((await answer).status).toBe(503)
  })
})
