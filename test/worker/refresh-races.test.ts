// One refresh token used from everywhere at once.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { alarmCount } from './support/alarms.ts'
import { claimsOf } from './support/leaked-key.ts'
import { refreshing } from './support/refreshing.ts'
import { bearer, createService, freshAddress, json } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
let clientId: string

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const { whoami, isLive, use, refused, endings } = refreshing(service)
const start = () => signIn(service, clientId, freshAddress())
const ROUNDS = [1, 2, 3]

interface Answer {
  readonly status: number
  readonly body: Tokens & { readonly error?: string }
}

const attempt = async (tokens: Tokens): Promise<Answer> => {
  const response = await refresh(service, tokens)
  return { status: response.status, body: await response.json() }
}

const together = (count: number, tokens: Tokens): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, () => attempt(tokens)))

/** The generations of a session whose tokens are accepted, and the one its refresh token is at. */
async function leaves(tokens: Tokens): Promise<{ live: number[]; current: number | null }> {
  const { sid } = claimsOf(tokens.access_token)
  const db = service.parts.shards.of(String(sid))
  const [buckets, sessions] = await db.batch<{ generation: number }>([
    db
      .prepare('SELECT generation FROM entropy_buckets WHERE session_id = ? AND retired_at IS NULL')
      .bind(sid),
    db.prepare('SELECT generation FROM sessions WHERE id = ?').bind(sid),
  ])
  return {
    live: (buckets?.results ?? []).map(row => row.generation),
    current: sessions?.results[0]?.generation ?? null,
  }
}

describe('50 uses of one refresh token at once', () => {
  it.each(ROUNDS)('RF-03: give one pair, leave one generation, and raise no alarm (round %i)', async () => {
    const alarms = await alarmCount(service)
    const first = await start()
    const answers = await together(50, first)
    const won = answers.filter(answer => answer.status === 200)
    expect(won.length).toBeGreaterThan(0)
    expect(new Set(won.map(({ body }) => body.access_token)).size).toBe(1)
    expect(new Set(won.map(({ body }) => body.refresh_token)).size).toBe(1)
    for (const { status, body } of answers) {
      if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant'])
    }
    expect(await leaves(first)).toEqual({ live: [2], current: 2 })
    const [pair] = won
    expect(await isLive(pair?.body as Tokens)).toBe(true)
    expect(await isLive(await use(pair?.body as Tokens))).toBe(true)
    expect(await endings(first)).toEqual([])
    expect(await alarmCount(service)).toBe(alarms)
  })

  it.each(ROUNDS)(
    'RF-03: whose answers are used at once too, still leave one generation (round %i)',
    async () => {
      const alarms = await alarmCount(service)
      const first = await start()
      const chains = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const chain: Answer[] = [await attempt(first)]
          for (let link = 0; link < 3 && chain.at(-1)?.status === 200; link++) {
            chain.push(await attempt(chain.at(-1)?.body as Tokens))
          }
          return chain
        }),
      )
      const answers = chains.flat()
      expect(new Set(answers.map(({ status, body }) => (status === 200 ? 'ok' : body.error)))).toContain('ok')
      for (const { status, body } of answers) {
        if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant'])
      }
      const byGeneration = Map.groupBy(
        answers.filter(answer => answer.status === 200),
        ({ body }) => claimsOf(body.access_token).jti,
      )
      for (const [, same] of byGeneration) {
        expect(new Set(same.map(({ body }) => `${body.access_token} ${body.refresh_token}`)).size).toBe(1)
      }
      const { live, current } = await leaves(first)
      expect(live).toEqual([current])
      expect(await endings(first)).toEqual([])
      expect(await alarmCount(service)).toBe(alarms)
    },
  )

  it('RF-02, RF-03: by a client without grace: one pair at most is given, and none of it survives', async () => {
    const { client_id } = await createClient(service, { refresh_grace_seconds: 0 })
    const first = await signIn(service, client_id, freshAddress())
    const answers = await together(20, first)
    const won = answers.filter(answer => answer.status === 200)
    expect(won).toHaveLength(1)
    expect(await leaves(first)).toEqual({ live: [], current: null })
    for (const { body } of won) {
      expect(await (await whoami(body.access_token)).json()).toMatchObject({ reason: 'refresh_reused' })
      expect(await refused(body)).toBe('invalid_grant')
    }
    expect(await endings(first)).toMatchObject([{ reason: 'refresh_reused' }])
  })
})

describe('a refresh beside an end of its session', () => {
  it.each(ROUNDS)('RF-02, I4: reuse: whatever was given meanwhile is dead (round %i)', async () => {
    const first = await start()
    const second = await use(first)
    service.now += 11
    const [, ...answers] = await Promise.all([
      attempt(first),
      attempt(second),
      attempt(second),
      attempt(second),
    ])
    for (const { status, body } of answers) {
      if (status === 200) expect(await isLive(body)).toBe(false)
      else expect(body.error).toBe('invalid_grant')
    }
    expect(await leaves(first)).toEqual({ live: [], current: null })
  })

  it.each(ROUNDS)(
    'RF-05, I4: signing out everywhere: nothing given meanwhile is live (round %i)',
    async () => {
      const first = await start()
      const [end, ...answers] = await Promise.all([
        service.request('/v1/sessions/revoke-all', bearer(first.access_token, json({ include_apps: true }))),
        ...Array.from({ length: 10 }, () => attempt(first)),
      ])
      // A refresh that came first has retired the caller's own token.
      expect([200, 401]).toContain(end.status)
      for (const { status, body } of answers) {
        if (status !== 200) expect(body.error).toBe('invalid_grant')
        else expect(await isLive(body)).toBe(end.status === 401)
      }
      const { live, current } = await leaves(first)
      expect(live).toEqual(current === null ? [] : [current])
    },
  )
})
