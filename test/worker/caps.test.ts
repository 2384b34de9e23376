// The ceilings whatever a rule says: a hundred live sessions on a client, a thousand in all.
import { describe, expect, it } from 'vitest'
import { type Seeded, seedSessions } from './support/many.ts'
import { bearer, createService, freshAddress, json } from './support/service.ts'
import { createClient, refresh, signIn } from './support/sign-in.ts'
import { checkHistory, storedSessions } from './support/stored.ts'

const UNLIMITED = { session_rule: { limit: null, at_limit: 'refuse' } }

describe('at the ceiling', () => {
  it('SE-14: the 101st session on a client replaces the least recently used, and is not refused', async () => {
    const service = createService()
    const { client_id } = await createClient(service, UNLIMITED)
    const email = freshAddress()
    const seeded = await seedSessions(service, client_id, email, 100)
    service.now += 60
    // The oldest is in use: the second oldest goes.
    expect((await refresh(service, seeded[0] as Seeded)).status).toBe(200)
    for (const gone of [1, 2]) {
      service.now += 60
      const tokens = await signIn(service, client_id, email)
      const stored = (await storedSessions(service, tokens.user_id)).map(session => session.id)
      expect(stored).toHaveLength(100)
      expect(stored).toContain((seeded[0] as Seeded).session_id)
      expect(stored).not.toContain((seeded[gone] as Seeded).session_id)
      const ended = await service.request('/ping/whoami', bearer((seeded[gone] as Seeded).access_token))
      expect(await ended.json()).toMatchObject({ code: 'session_replaced' })
    }
  })

  it('SE-14: the 1001st session in all replaces the least recently used; all thousand end in one change', async () => {
    const service = createService()
    const email = freshAddress()
    const seeded: Seeded[] = []
    for (let client = 0; client < 10; client++) {
      const { client_id } = await createClient(service, UNLIMITED)
      seeded.push(...(await seedSessions(service, client_id, email, 100)))
    }
    const { client_id } = await createClient(service, UNLIMITED)
    service.now += 60
    const tokens = await signIn(service, client_id, email)
    const stored = (await storedSessions(service, tokens.user_id)).map(session => session.id)
    expect(stored).toHaveLength(1_000)
    expect(stored).not.toContain((seeded[0] as Seeded).session_id)

    const all = await service.request('/v1/sessions/revoke-all', bearer(tokens.access_token, json({})))
    expect(await all.json()).toMatchObject({ revoked: 1_000 })
    expect(await storedSessions(service, tokens.user_id)).toEqual([])
    const last = await service.request('/ping/whoami', bearer((seeded.at(-1) as Seeded).access_token))
    expect(await last.json()).toMatchObject({ code: 'session_ended', reason: 'ended_by_user' })
    await checkHistory(service, tokens.user_id)
  })
})
