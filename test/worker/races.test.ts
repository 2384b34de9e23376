// Sign-ins of one user that arrive together: the rule holds at every instant, everyone is answered, nothing is lost.
import { describe, expect, it } from 'vitest'
import { countOf, requestLinks, statusesOf } from './support/many.ts'
import { bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, redeem, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedUsers } from './support/stored.ts'

const AT_ONCE = 50

const whoami = (service: Service, tokens: Pick<Tokens, 'access_token'>): Promise<Response> =>
  service.request('/ping/whoami', bearer(tokens.access_token))

/** Redeems links of one address, all at once. */
async function signInAtOnce(service: Service, clientIds: readonly string[], email: string, count = AT_ONCE) {
  const attempts = await requestLinks(service, clientIds, email, count)
  const responses = await Promise.all(attempts.map(attempt => redeem(service, attempt)))
  const users = await storedUsers(service, email)
  expect(users).toHaveLength(1)
  return { attempts, responses, userId: users[0] as string }
}

async function liveTokens(service: Service, responses: readonly Response[]): Promise<Tokens[]> {
  const tokens = await Promise.all(responses.map(response => response.json<Tokens>()))
  const answers = await Promise.all(tokens.map(each => whoami(service, each)))
  expect(statusesOf(answers).every(status => status === 200 || status === 401)).toBe(true)
  return tokens.filter((_, index) => answers[index]?.status === 200)
}

describe('sign-ins of one address at once', () => {
  it.each(['existing', 'new'])(
    'I2: 50 on one client, %s user: each is answered, one session is live, each has one event',
    async user => {
      const service = createService()
      const { client_id } = await createClient(service)
      const email = freshAddress()
      const before = user === 'existing' ? [await signIn(service, client_id, email)] : []

      const { responses, userId } = await signInAtOnce(service, [client_id], email)
      expect(countOf(statusesOf(responses), 200)).toBe(AT_ONCE)
      const { events, live } = await checkHistory(service, userId, 1)
      expect(live).toHaveLength(1)
      expect(eventsOfType(events, 'session.created')).toHaveLength(AT_ONCE + before.length)
      expect(events).toHaveLength(2 * (AT_ONCE + before.length) - 1)
      expect(await liveTokens(service, responses)).toHaveLength(1)
      expect(eventsOfType(events, 'session.ended').every(event => event.reason === 'replaced')).toBe(true)
    },
  )

  it.each(['existing', 'new'])(
    'I2: at_limit refuse, %s user: one is signed in, every other is refused and that is logged',
    async user => {
      const service = createService()
      const other = await createClient(service)
      const { client_id } = await createClient(service, { session_rule: { limit: 1, at_limit: 'refuse' } })
      const email = freshAddress()
      if (user === 'existing') await signIn(service, other.client_id, email)

      const { attempts, responses, userId } = await signInAtOnce(service, [client_id], email)
      const statuses = statusesOf(responses)
      expect([countOf(statuses, 200), countOf(statuses, 400)]).toEqual([1, AT_ONCE - 1])
      for (const refused of responses.filter(each => each.status === 400)) {
        expect(await refused.json()).toMatchObject({ error: 'access_denied', code: 'session_limit_reached' })
      }
      const { events } = await checkHistory(service, userId, 1)
      const refusals = eventsOfType(events, 'sign_in.refused')
      expect(refusals).toHaveLength(AT_ONCE - 1)
      expect(refusals.every(event => event.reason === 'session_limit_reached')).toBe(true)
      const signedIn = responses.find(each => each.status === 200) as Response
      expect((await whoami(service, await signedIn.json())).status).toBe(200)

      // What was refused is spent: nothing but the link or code.
      const again = await redeem(service, attempts[statuses.indexOf(400)] as (typeof attempts)[number])
      expect([again.status, (await again.json<{ error: string }>()).error]).toEqual([400, 'access_denied'])
      expect((await checkHistory(service, userId, 1)).events).toHaveLength(events.length)
    },
  )

  it('I2: 48 over 8 clients, new user: one session on each, and one user', async () => {
    const service = createService()
    const clients = await Promise.all(Array.from({ length: 8 }, () => createClient(service)))
    const clientIds = clients.map(client => client.client_id)
    const { responses, userId } = await signInAtOnce(service, clientIds, freshAddress(), 48)
    expect(countOf(statusesOf(responses), 200)).toBe(48)
    const { events, live } = await checkHistory(service, userId, 1)
    expect(live).toHaveLength(8)
    expect(eventsOfType(events, 'session.created')).toHaveLength(48)
    const alive = await liveTokens(service, responses)
    expect(alive.map(tokens => tokens.client_id).sort()).toEqual(clientIds.sort())
  })

  it('I2: a limit of 3 holds among 30, and the three that stay are the newest in the log', async () => {
    const service = createService()
    const { client_id } = await createClient(service, {
      session_rule: { limit: 3, at_limit: 'replace_oldest' },
    })
    const { responses, userId } = await signInAtOnce(service, [client_id], freshAddress(), 30)
    const { events, live } = await checkHistory(service, userId, 3)
    expect(countOf(statusesOf(responses), 200)).toBe(30)
    const begun = eventsOfType(events, 'session.created').map(event => event.session_id)
    expect([...live].sort()).toEqual(begun.slice(-3).sort())
  })
})
