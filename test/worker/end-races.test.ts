// Ends that race with other ends, with sign-ins and with refreshes: what was acknowledged as ended stays ended.
import { describe, expect, it } from 'vitest'
import { applyChange } from '../../src/user/change.ts'
import { seenThrough, workerSeenThrough } from './support/intercept.ts'
import { countOf, requestLinks, type Seeded, seedSessions, statusesOf } from './support/many.ts'
import { bearer, createService, freshAddress, json, type Service } from './support/service.ts'
import { createClient, redeem, refresh, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType } from './support/stored.ts'

const UNLIMITED = { session_rule: { limit: null, at_limit: 'replace_oldest' } }

const whoami = (service: Service, token: string) => service.request('/ping/whoami', bearer(token))
const end = (service: Service, by: Tokens, sessionId: string) =>
  service.request(`/v1/sessions/${sessionId}`, bearer(by.access_token, { method: 'DELETE' }))
const revoke = (service: Service, by: Tokens, what: string, body: object = {}) =>
  service.request(`/v1/sessions/revoke-${what}`, bearer(by.access_token, json(body)))

const pairsOf = <T>(items: readonly T[]): [T, T][] =>
  items.flatMap((item, index) => (index % 2 === 0 ? [[item, items[index + 1] as T] as [T, T]] : []))

describe('two sessions that end each other', () => {
  it('I2: of every pair exactly one survives, and it is the one that was answered', async () => {
    const service = createService()
    const { client_id } = await createClient(service, UNLIMITED)
    const sessions = await Promise.all(
      Array.from({ length: 8 }, () => seedSessions(service, client_id, freshAddress(), 10)),
    )
    for (const [a, b] of pairsOf(sessions.flat())) {
      const [endsB, endsA] = await Promise.all([end(service, a, b.session_id), end(service, b, a.session_id)])
      expect([endsB.status, endsA.status].sort()).toEqual([204, 401])
      const [survivor, gone] = endsB.status === 204 ? [a, b] : [b, a]
      expect((await whoami(service, survivor.access_token)).status).toBe(200)
      expect((await whoami(service, gone.access_token)).status).toBe(401)
    }
    for (const [any] of sessions) {
      const { live } = await checkHistory(service, (any as Seeded).user_id)
      expect(live).toHaveLength(5)
    }
  })

  it('I5: of twenty that each end all others at once, exactly one survives', async () => {
    const service = createService()
    const { client_id } = await createClient(service, UNLIMITED)
    for (let round = 0; round < 4; round++) {
      const sessions = await seedSessions(service, client_id, freshAddress(), 20)
      const answers = await Promise.all(sessions.map(each => revoke(service, each, 'others')))
      expect(countOf(statusesOf(answers), 200)).toBe(1)
      expect(countOf(statusesOf(answers), 401)).toBe(19)
      const survivor = sessions[answers.findIndex(each => each.status === 200)] as Seeded
      const { live } = await checkHistory(service, survivor.user_id)
      expect(live).toEqual([survivor.session_id])
    }
  })
})

describe('a sign-in beside revoke-all', () => {
  it('I4: either it came first and is ended and counted, or it came later and is live', async () => {
    const service = createService()
    const { client_id } = await createClient(service, UNLIMITED)
    for (let round = 0; round < 16; round++) {
      const email = freshAddress()
      const [caller] = (await seedSessions(service, client_id, email, 1)) as [Seeded]
      const [attempt] = await requestLinks(service, [client_id], email, 1)
      const [signedIn, revoked] = await Promise.all([
        redeem(service, attempt as NonNullable<typeof attempt>),
        revoke(service, caller, 'all'),
      ])
      expect([signedIn.status, revoked.status]).toEqual([200, 200])
      const tokens = await signedIn.json<Tokens>()
      const { sessions } = await revoked.json<{ sessions: string[] }>()
      const { events } = await checkHistory(service, caller.user_id)
      const begun = eventsOfType(events, 'session.created').find(
        each => each.session_id !== caller.session_id,
      )
      const wasEnded = sessions.includes(begun?.session_id ?? '')
      expect(sessions).toHaveLength(wasEnded ? 2 : 1)
      expect((await whoami(service, tokens.access_token)).status).toBe(wasEnded ? 401 : 200)
      expect((await refresh(service, tokens)).status).toBe(wasEnded ? 400 : 200)
      expect((await whoami(service, caller.access_token)).status).toBe(401)
    }
  })
})

describe('a refresh beside the end of its session', () => {
  it('I4: never a live token afterwards, nor a way to one', async () => {
    const service = createService()
    const { client_id } = await createClient(service, UNLIMITED)
    const raceIn = (keeper: Seeded) => async (session: Seeded, index: number) => {
      const work = [() => refresh(service, session), () => end(service, keeper, session.session_id)]
      const [one, other] = (index % 2 === 0 ? work : work.reverse()).map(each => each())
      const answers = await Promise.all([one as Promise<Response>, other as Promise<Response>])
      const [refreshed, ended] = index % 2 === 0 ? answers : answers.reverse()
      expect(ended?.status).toBe(204)
      expect((await whoami(service, session.access_token)).status).toBe(401)
      if (refreshed?.status !== 200) return expect(refreshed?.status).toBe(400)
      const tokens = await refreshed.json<Tokens>()
      expect((await whoami(service, tokens.access_token)).status).toBe(401)
      expect((await refresh(service, tokens)).status).toBe(400)
      expect((await refresh(service, session)).status).toBe(400)
    }
    for (let user = 0; user < 2; user++) {
      const sessions = await seedSessions(service, client_id, freshAddress(), 17)
      const keeper = sessions.pop() as Seeded
      await Promise.all(sessions.map(raceIn(keeper)))
      const { live } = await checkHistory(service, keeper.user_id)
      expect(live).toEqual([keeper.session_id])
    }
  })

  it('I4: nor of 2,000 refreshes beside an end of all others, whoever comes first', async () => {
    const service = createService()
    const { client_id } = await createClient(service, UNLIMITED)
    let rotated = 0
    for (let round = 0; round < 25; round++) {
      const [keeper, ...others] = (await seedSessions(service, client_id, freshAddress(), 81)) as [
        Seeded,
        ...Seeded[],
      ]
      // Ten at a time; the end sets out among them, at another place in every round.
      const requests = others.map(each => () => refresh(service, each))
      requests.splice((round * 7) % 60, 0, () => revoke(service, keeper, 'others'))
      const waiting = requests.values()
      const answers: Response[] = []
      const work = async () => {
        for (const request of waiting) answers.push(await request())
      }
      await Promise.all(Array.from({ length: 10 }, work))
      const statuses = statusesOf(answers)
      expect(countOf(statuses, 200) + countOf(statuses, 400)).toBe(81)
      rotated += countOf(statuses, 200) - 1
      const { live } = await checkHistory(service, keeper.user_id)
      expect(live).toEqual([keeper.session_id])
    }
    // Both orders were seen: otherwise nothing has raced.
    expect(rotated).toBeGreaterThan(0)
    expect(rotated).toBeLessThan(2_000)
  })

  it('I4: a refresh that commits after the end was decided, and before it is written, is ended too', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const [session] = (await seedSessions(service, client_id, freshAddress(), 1)) as [Seeded]
    let tokens: Tokens | null = null
    const db = seenThrough(service.parts.shards.of(session.user_id), async (sql, run) => {
      if (sql.some(each => each.startsWith('INSERT'))) tokens = await (await refresh(service, session)).json()
      return run()
    })
    const { outcome } = await applyChange(
      db,
      session.user_id,
      {
        type: 'end_sessions',
        opId: 'race',
        selection: { kind: 'all', includeApps: true },
        reason: 'ended_by_user',
        by: { kind: 'session', session_id: session.session_id },
      },
      service.now,
      service.parts.secrets,
    )
    expect(outcome).toEqual({ tag: 'ended', sessions: [session.session_id] })
    const { access_token, refresh_token } = tokens as unknown as Tokens
    expect(access_token).toBeTypeOf('string')
    expect((await whoami(service, access_token)).status).toBe(401)
    expect((await refresh(service, { client_id, refresh_token })).status).toBe(400)
  })

  it('I4: a refresh that was on its way when the session ended changes nothing', async () => {
    let onTheWay: (() => Promise<unknown>) | null = null
    const service = createService(
      workerSeenThrough(async (sql, run) => {
        const isRotation = sql.some(each => each.startsWith('UPDATE sessions'))
        if (isRotation && onTheWay !== null) await onTheWay()
        return run()
      }),
    )
    const { client_id } = await createClient(service, UNLIMITED)
    const [keeper, session] = (await seedSessions(service, client_id, freshAddress(), 2)) as [Seeded, Seeded]
    onTheWay = () => end(service, keeper, session.session_id)
    expect((await refresh(service, session)).status).toBe(400)
    const { events } = await checkHistory(service, keeper.user_id)
    expect(eventsOfType(events, 'session.ended').map(each => each.reason)).toEqual(['ended_by_user'])
  })
})
