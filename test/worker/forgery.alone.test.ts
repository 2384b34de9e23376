// The promise to whoever finds our signing key published: it signs, and opens nothing, and is noticed.
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { alarmCount, listAlarms, noonAhead } from './support/alarms.ts'
import { type Bench, FORGERIES } from './support/forgeries.ts'
import { claimsOf, leakKey, twin } from './support/leaked-key.ts'
import { bearer, createService, form, freshAddress, json } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
let clientId: string
let mine: Tokens
let bench: Bench

beforeAll(async () => {
  vi.spyOn(console, 'info').mockReturnValue()
  service.now = noonAhead(service.now)
  clientId = (await createClient(service)).client_id
  mine = await signIn(service, clientId, freshAddress())
  const victim = await signIn(service, clientId, freshAddress())
  bench = {
    key: await leakKey(service),
    own: mine.access_token,
    victim: claimsOf(victim.access_token),
  }
})

const whoami = (token: string) => service.request('/ping/whoami', bearer(token))

/** Every door that takes an access token, and what a refusal looks like there. */
const DOORS: readonly [string, number, (token: string) => Promise<Response>][] = [
  ['GET /ping/whoami', 401, whoami],
  ['GET /v1/sessions', 401, token => service.request('/v1/sessions', bearer(token))],
  [
    'POST /v1/sessions/revoke-all',
    401,
    token => service.request('/v1/sessions/revoke-all', bearer(token, json({ include_apps: true }))),
  ],
  ['POST /oauth2/logout', 401, token => service.request('/oauth2/logout', bearer(token, { method: 'POST' }))],
  [
    'POST /oauth2/revoke',
    200,
    token => service.request('/oauth2/revoke', form({ client_id: clientId, token })),
  ],
]

describe('with the signing key and a live token of one’s own', () => {
  it.each(DOORS)(
    'EB-05, EB-06: %s refuses every token with a changed claim, and counts each',
    async (_, status, knock) => {
      const before = await alarmCount(service, 'token.forged')
      const outcomes = await Promise.all(
        FORGERIES.map(async ([what, make]) => {
          const response = await knock(await make(bench))
          const body = await response.text()
          const isPlain = status === 200 ? body === '' : JSON.parse(body).code === 'invalid_token'
          return { what, status: response.status, isPlain }
        }),
      )
      expect(outcomes.filter(outcome => outcome.status !== status || !outcome.isPlain)).toEqual([])
      expect(await alarmCount(service, 'token.forged')).toBe(before + FORGERIES.length)
      expect((await whoami(mine.access_token)).status).toBe(200)
    },
  )

  it('EB-06: all of it is one alarm of this key, with the highest severity', async () => {
    const alarms = await listAlarms(service)
    expect(alarms).toHaveLength(1)
    expect(alarms[0]).toMatchObject({
      kind: 'token.forged',
      severity: 'critical',
      kid: bench.key.kid,
      acknowledged_at: null,
    })
  })

  it('EB-03: a bucket of any other type or length is a plain 401', async () => {
    const buckets = [undefined, null, '', ['A'.repeat(43)], { toString: 'A' }, 7, true, 1e308]
    const texts = [42, 44, 5_000].map(length => 'A'.repeat(length)).concat('!'.repeat(43), '\0'.repeat(43))
    const answers = await Promise.all(
      [...buckets, ...texts].map(async eb => whoami(await bench.key.resign(bench.own, { eb }))),
    )
    for (const answer of answers) {
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ code: 'invalid_token' })
    }
  })

  it('EB-10: 300 forgeries over real users, sessions and stored commitments open nothing', async () => {
    const others = await Promise.all([1, 2, 3].map(() => signIn(service, clientId, freshAddress())))
    const known = [mine, ...others].map(tokens => claimsOf(tokens.access_token))
    const { results } = await service.parts.shards
      .of(String(known[0]?.sid))
      .prepare('SELECT commitment FROM entropy_buckets')
      .all<{ commitment: string }>()
    const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T
    const before = await alarmCount(service, 'token.forged')
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const [subject, session, rest] = [pick(known), pick(known), pick(known)]
        const eb = pick([known[0]?.eb, pick(results).commitment, crypto.randomUUID()])
        const { sub } = subject
        const { sid, jti } = session
        return (await whoami(await bench.key.sign({ ...rest, sub, sid, jti, eb, n: Math.random() }))).status
      }),
    )
    expect(new Set(statuses)).toEqual(new Set([401]))
    expect(await alarmCount(service, 'token.forged')).toBe(before + 300)
  })
})

describe('another valid signature over an unchanged token', () => {
  it('JW-12, EB-07: lives and dies with the token it copies, without an alarm', async () => {
    const tokens = await signIn(service, clientId, freshAddress())
    const before = await alarmCount(service)
    const copies = [twin(tokens.access_token), await bench.key.resign(tokens.access_token)]
    expect(new Set([tokens.access_token, ...copies]).size).toBe(3)
    for (const copy of copies) expect((await whoami(copy)).status).toBe(200)

    const [copy = ''] = copies
    await service.request('/oauth2/logout', bearer(copy, { method: 'POST' }))
    for (const dead of [tokens.access_token, ...copies]) {
      const response = await whoami(dead)
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 'session_ended', reason: 'signed_out' })
    }
    expect((await refresh(service, tokens)).status).toBe(400)
    expect(await alarmCount(service)).toBe(before)
  })
})
