// How many sessions a user may have on a client, over HTTP: three clients, four devices, each rule.
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, type Tokens } from './support/sign-in.ts'
import { checkHistory, storedSessions } from './support/stored.ts'

interface Place {
  readonly clientId: string
  readonly device: string
  readonly tokens: Tokens
}

interface ListPage {
  readonly sessions: readonly { readonly id: string }[]
  readonly next_cursor: string | null
}

const sidOf = (tokens: Tokens): string => String(decodeJwt(tokens.access_token).sid)

const DEVICES = ['phone', 'tablet', 'laptop', 'old phone'] as const

/** Each device signs in on each client, device after device. @returns who was let in, in order */
async function matrix(service: Service, clientIds: readonly string[], email: string) {
  const places: Place[] = []
  for (const device of DEVICES) {
    for (const clientId of clientIds) {
      service.now += 20
      const attempt = await requestLink(service, clientId, email, { device_name: device })
      const response = await redeem(service, attempt)
      if (response.status !== 200) continue
      places.push({ clientId, device, tokens: await response.json<Tokens>() })
    }
  }
  return places
}

async function liveOf(service: Service, places: readonly Place[]): Promise<string[]> {
  const live: string[] = []
  for (const { device, tokens } of places) {
    const answer = await service.request('/ping/whoami', bearer(tokens.access_token))
    const refreshed = await refresh(service, tokens)
    // Two credentials of one session never disagree.
    expect([answer.status, refreshed.status]).toEqual(answer.status === 200 ? [200, 200] : [401, 400])
    if (answer.status === 200) live.push(device)
  }
  return live
}

const rules: [string, object | undefined, readonly string[]][] = [
  ['by default the newest replaces the one before', undefined, ['old phone']],
  ['limit 2, replace_oldest', { limit: 2, at_limit: 'replace_oldest' }, ['laptop', 'old phone']],
  ['limit 2, refuse', { limit: 2, at_limit: 'refuse' }, ['phone', 'tablet']],
  ['no limit', { limit: null, at_limit: 'replace_oldest' }, DEVICES],
]

describe('three clients, four devices', () => {
  it.each(rules)('SE-08: %s; the other two clients keep to the default', async (_, rule, expected) => {
    const service = createService()
    const ruled = await createClient(service, rule === undefined ? {} : { session_rule: rule })
    const others = [await createClient(service), await createClient(service)]
    const clientIds = [ruled, ...others].map(client => client.client_id)
    const places = await matrix(service, clientIds, freshAddress())
    for (const clientId of clientIds) {
      const onClient = places.filter(place => place.clientId === clientId)
      const isRuled = clientId === ruled.client_id
      expect(await liveOf(service, onClient)).toEqual(isRuled ? expected : ['old phone'])
    }
    const { live } = await checkHistory(service, (places[0] as Place).tokens.user_id)
    expect(live).toHaveLength(expected.length + 2)
  })

  it('SE-08: of two, replace_least_recent ends the unused one and replace_oldest the older one', async () => {
    for (const [at_limit, expected] of [
      ['replace_least_recent', ['a', 'c']],
      ['replace_oldest', ['b', 'c']],
    ] as const) {
      const service = createService()
      const { client_id } = await createClient(service, { session_rule: { limit: 2, at_limit } })
      const email = freshAddress()
      const signInOn = async (device: string): Promise<Place> => {
        service.now += 20
        const response = await redeem(service, await requestLink(service, client_id, email))
        return { clientId: client_id, device, tokens: await response.json<Tokens>() }
      }
      const [a, b] = [await signInOn('a'), await signInOn('b')]
      service.now += 20
      const used = { ...a, tokens: await (await refresh(service, a.tokens)).json<Tokens>() }
      const c = await signInOn('c')
      expect(await liveOf(service, [used, b, c])).toEqual(expected)
    }
  })

  it('SE-08: what was used last is known within one second: to the rule and to the list, page by page', async () => {
    const service = createService()
    const session_rule = { limit: 3, at_limit: 'replace_least_recent' }
    const { client_id } = await createClient(service, { session_rule })
    const email = freshAddress()
    const signInNow = async () => {
      service.now += 0.125
      return (await redeem(service, await requestLink(service, client_id, email))).json<Tokens>()
    }
    const [a, b, c] = [await signInNow(), await signInNow(), await signInNow()]
    service.now += 0.125
    const used = await (await refresh(service, a)).json<Tokens>()
    expect(Math.floor(service.now)).toBe(service.now - 0.5)
    const ids: string[] = []
    for (let cursor = ''; cursor !== 'null'; ) {
      const path = `/v1/sessions?limit=1${cursor && `&cursor=${cursor}`}`
      const page = await (await service.request(path, bearer(used.access_token))).json<ListPage>()
      ids.push(...page.sessions.map(({ id }) => id))
      cursor = String(page.next_cursor)
    }
    expect(ids).toEqual([used, c, b].map(sidOf))
    const d = await signInNow()
    const live = await storedSessions(service, a.user_id)
    expect(new Set(live.map(({ id }) => id))).toEqual(new Set([used, c, d].map(sidOf)))
  })
})
