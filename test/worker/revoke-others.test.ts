// "End all others": exactly the same user, the same client, not the caller. Random populations beside a model.
import { describe, expect, it } from 'vitest'
import { type Seeded, seedSessions } from './support/many.ts'
import { bearer, createService, freshAddress, json } from './support/service.ts'
import { createClient } from './support/sign-in.ts'
import { checkHistory, eventsOfType } from './support/stored.ts'

/** The same numbers in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

describe('revoke-others', () => {
  it.each([1, 2, 3])(
    'I5, SE-09: ends what the model says and reports the count, population %i',
    async seed => {
      const service = createService()
      const pick = numbers(seed)
      const third = { kind: 'third_party', grant_types: ['refresh_token'] }
      const clients = await Promise.all([{}, {}, third].map(each => createClient(service, each)))
      const clientIds = clients.map(client => client.client_id)
      let live: Seeded[] = []
      for (const email of [freshAddress(), freshAddress()]) {
        for (const clientId of clientIds)
          live.push(...(await seedSessions(service, clientId, email, 1 + pick(5))))
      }
      for (let round = 0; round < 6; round++) {
        const caller = live[pick(live.length)] as Seeded
        const named = [undefined, '*', 'account', 'no-such-client', ...clientIds][pick(7)]
        const isMeant = (each: Seeded) =>
          each.user_id === caller.user_id &&
          each.session_id !== caller.session_id &&
          (named === '*' || each.client_id === (named ?? caller.client_id))
        const expected = live.filter(isMeant).map(each => each.session_id)

        const body = named === undefined ? {} : { client_id: named }
        const response = await service.request(
          '/v1/sessions/revoke-others',
          bearer(caller.access_token, json(body)),
        )
        const answer = await response.json<{ revoked: number; sessions: string[] }>()
        expect([response.status, answer.revoked]).toEqual([200, expected.length])
        expect(answer.sessions.sort()).toEqual(expected.sort())
        live = live.filter(each => !expected.includes(each.session_id))
        for (const each of live) {
          expect((await service.request('/ping/whoami', bearer(each.access_token))).status).toBe(200)
        }
        const { events, live: stored } = await checkHistory(service, caller.user_id)
        const own = live.filter(each => each.user_id === caller.user_id).map(each => each.session_id)
        expect(stored.sort()).toEqual(own.sort())
        expect(eventsOfType(events, 'session.ended').every(each => each.reason === 'ended_by_user')).toBe(
          true,
        )
      }
    },
  )
})
