// One link, one code: one success, however many hold it and however they arrive.
import { describe, expect, it } from 'vitest'
import { namespaceOf } from './support/intercept.ts'
import { countOf, statusesOf } from './support/many.ts'
import { admin, bearer, createService, freshAddress, type Service } from './support/service.ts'
import { type Attempt, createClient, redeem, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedUsers } from './support/stored.ts'

const AT_ONCE = 50

type Way = 'link' | 'code'
const WAYS: Readonly<Record<string, (index: number) => Way>> = {
  'the link': () => 'link',
  'the code': () => 'code',
  'link and code mixed': index => (index % 2 === 0 ? 'link' : 'code'),
}

async function race(service: Service, attempt: Attempt, way: (index: number) => Way): Promise<Response[]> {
  const uses = Array.from({ length: AT_ONCE }, (_, index) => redeem(service, attempt, way(index)))
  const responses = await Promise.all(uses)
  const statuses = statusesOf(responses)
  expect([countOf(statuses, 200), countOf(statuses, 400)]).toEqual([1, AT_ONCE - 1])
  for (const refused of responses.filter(each => each.status === 400)) {
    expect(await refused.json()).toMatchObject({ error: 'invalid_grant' })
  }
  return responses.filter(each => each.status === 200)
}

describe('one sign-in, used 50 times at once', () => {
  for (const user of ['existing', 'new']) {
    it.each(Object.entries(WAYS))(`I3: %s, ${user} user: one success`, async (_, way) => {
      const service = createService()
      const { client_id } = await createClient(service, {
        session_rule: { limit: null, at_limit: 'replace_oldest' },
      })
      const email = freshAddress()
      const before = user === 'existing' ? [await signIn(service, client_id, email)] : []
      const attempt = await requestLink(service, client_id, email)

      const [success] = await race(service, attempt, way)
      const tokens = await (success as Response).json<Tokens>()
      expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(200)
      expect(await storedUsers(service, email)).toEqual([tokens.user_id])
      const { events, live } = await checkHistory(service, tokens.user_id)
      expect(live).toHaveLength(1 + before.length)
      expect(eventsOfType(events, 'session.created')).toHaveLength(1 + before.length)
      expect((await redeem(service, attempt, 'code')).status).toBe(400)
    })
  }
})

describe('a link and the end of its account', () => {
  const remove = (service: Service, userId: string) =>
    service.request(`/admin/v1/users/${userId}`, admin(service, { method: 'DELETE' }))

  async function usedLink(service: Service) {
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const attempt = await requestLink(service, client_id, email)
    const { user_id } = await (await redeem(service, attempt)).json<Tokens>()
    return { client_id, email, attempt, user_id }
  }

  it('I3: what was used once stays used when its user is deleted', async () => {
    const service = createService()
    const { email, attempt, user_id } = await usedLink(service)
    expect((await remove(service, user_id)).status).toBe(204)
    for (const way of ['link', 'code'] as const) {
      const again = await redeem(service, attempt, way)
      expect([again.status, await again.json()]).toMatchObject([400, { error: 'invalid_grant' }])
    }
    expect(await storedUsers(service, email)).toEqual([])
  })

  it('I3: also for a use that was on its way when its user was deleted', async () => {
    const real = createService()
    const { email, attempt, user_id } = await usedLink(real)
    let deleted = 0
    const service = createService({
      USER_SESSIONS: namespaceOf(async (_, verb, args) => {
        if (deleted === 0) deleted = (await remove(real, user_id)).status
        return verb(...args)
      }),
    })
    const again = await redeem(service, attempt)
    expect([deleted, again.status, await again.json()]).toMatchObject([204, 400, { error: 'invalid_grant' }])
    expect(await storedUsers(service, email)).toEqual([])
  })
})
