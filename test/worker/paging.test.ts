// Pages of the list and of the log: every entry once, in a stable order, in bounds.
import { describe, expect, it } from 'vitest'
import { type Seeded, seedSessions } from './support/many.ts'
import { bearer, createService, freshAddress, json, type Service } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'

interface SessionPage {
  readonly next_cursor: string | null
  readonly sessions: readonly {
    readonly id: string
    readonly last_seen_at: string
    readonly current: boolean
  }[]
}

interface EventPage {
  readonly next_before: number | null
  readonly events: readonly Record<string, unknown>[]
}

const get = (service: Service, by: Pick<Tokens, 'access_token'>, path: string) =>
  service.request(path, bearer(by.access_token))

/** More than any test needs: a cursor that leads nowhere must not lead there for ever. */
const PAGES_MAX = 20

async function pages(service: Service, by: Tokens, limit: number): Promise<SessionPage['sessions'][]> {
  const all: SessionPage['sessions'][] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page = await (await get(service, by, `/v1/sessions?limit=${limit}${query}`)).json<SessionPage>()
    all.push(page.sessions)
    cursor = page.next_cursor
  } while (cursor !== null && all.length < PAGES_MAX)
  return all
}

describe('GET /v1/sessions', () => {
  it('SE-10: page by page: each session once, newest activity first, of the same second the newest sign-in', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const seeded = await seedSessions(service, client_id, email, 6)
    service.now += 10
    seeded.push(...(await seedSessions(service, client_id, email, 3)))
    service.now += 10
    const caller = {
      ...(seeded[2] as Seeded),
      ...(await (await refresh(service, seeded[2] as Seeded)).json<Tokens>()),
    }
    const expected = [2, 8, 7, 6, 5, 4, 3, 1, 0].map(at => (seeded[at] as Seeded).session_id)
    for (const limit of [1, 2, 3, 4, 9, 10]) {
      const found = await pages(service, caller, limit)
      expect(found.flat().map(session => session.id)).toEqual(expected)
      expect(found.map(page => page.length)).toEqual(
        Array.from({ length: Math.ceil(9 / limit) }, (_, at) => Math.min(limit, 9 - at * limit)),
      )
    }
    const [first] = await pages(service, caller, 100)
    expect(first?.filter(session => session.current).map(session => session.id)).toEqual([caller.session_id])
  })

  it('SE-10: a session that ends between two pages shifts nothing', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const seeded = await seedSessions(service, client_id, freshAddress(), 6)
    const [, , , , ended, caller] = seeded as [Seeded, Seeded, Seeded, Seeded, Seeded, Seeded]
    const first = await (await get(service, caller, '/v1/sessions?limit=2')).json<SessionPage>()
    await service.request(
      `/v1/sessions/${ended.session_id}`,
      bearer(caller.access_token, { method: 'DELETE' }),
    )
    const next = await get(service, caller, `/v1/sessions?limit=10&cursor=${first.next_cursor}`)
    const { sessions } = await next.json<SessionPage>()
    expect(sessions.map(session => session.id)).toEqual(
      [3, 2, 1, 0].map(at => (seeded[at] as Seeded).session_id),
    )
  })

  it('SE-10: a hundred a page, whatever is asked for', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const other = await createClient(service)
    const email = freshAddress()
    const [caller] = (await seedSessions(service, client_id, email, 60)) as [Seeded]
    await seedSessions(service, other.client_id, email, 60)
    for (const query of ['', '?limit=100', '?limit=101', '?limit=9999999']) {
      const page = await (await get(service, caller, `/v1/sessions${query}`)).json<SessionPage>()
      expect([query, page.sessions.length, page.next_cursor === null]).toEqual([query, 100, false])
    }
    const rest = await pages(service, caller, 100)
    expect(rest.map(page => page.length)).toEqual([100, 20])
    expect(new Set(rest.flat().map(session => session.id)).size).toBe(120)
  })

  it('SE-10: a limit or cursor that is none is 400', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=ten',
      'limit=',
      'cursor=',
      'cursor=nonsense',
      'cursor=MS4w',
    ]) {
      const answer = await get(service, tokens, `/v1/sessions?${query}`)
      expect([query, answer.status, await answer.json()]).toMatchObject([
        query,
        400,
        { code: 'invalid_request' },
      ])
    }
  })
})

describe('GET /v1/events', () => {
  it('I8: the log newest first, without a gap, page by page, with exactly the members of the contract', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const other = await createClient(service)
    const email = freshAddress()
    await signIn(service, client_id, email, { device_name: 'first' })
    await signIn(service, client_id, email)
    const tokens = await signIn(service, other.client_id, email)
    await refresh(service, tokens)
    const current = await (await refresh(service, tokens)).json<Tokens>()
    await service.request(
      '/v1/sessions/revoke-others',
      bearer(current.access_token, json({ client_id: '*' })),
    )

    const all = await (await get(service, current, '/v1/events')).json<EventPage>()
    expect(all.next_before).toBeNull()
    expect(all.events.map(event => [event.seq, event.type, event.reason])).toEqual([
      [5, 'session.ended', 'ended_by_user'],
      [4, 'session.created', null],
      [3, 'session.created', null],
      [2, 'session.ended', 'replaced'],
      [1, 'session.created', null],
    ])
    for (const event of all.events) {
      expect(Object.keys(event).sort()).toEqual(
        ['seq', 'type', 'at', 'session_id', 'client_id', 'reason', 'by', 'device', 'place'].sort(),
      )
    }
    expect(all.events.at(-1)).toMatchObject({ client_id, device: { name: 'first' } })
    // The newer sign-in is who replaced, the caller is who ended.
    expect(all.events[3]).toMatchObject({ by: { kind: 'session', session_id: all.events[2]?.session_id } })
    expect(all.events[0]).toMatchObject({ by: { kind: 'session', session_id: all.events[1]?.session_id } })

    const seqs: unknown[][] = []
    let before: number | null = null
    do {
      const query: string = before === null ? '' : `&before=${before}`
      const page = await (await get(service, current, `/v1/events?limit=2${query}`)).json<EventPage>()
      seqs.push(page.events.map(event => event.seq))
      before = page.next_before
    } while (before !== null && seqs.length < PAGES_MAX)
    expect(seqs).toEqual([[5, 4], [3, 2], [1]])
    const empty = await (await get(service, current, '/v1/events?before=1')).json()
    expect(empty).toEqual({ events: [], next_before: null })
    for (const query of ['before=0', 'before=x', 'limit=0']) {
      expect((await get(service, current, `/v1/events?${query}`)).status).toBe(400)
    }
  })

  it('I8: is the user’s own, and no one else’s', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const [ann, bob] = [
      await signIn(service, client_id, freshAddress()),
      await signIn(service, client_id, freshAddress()),
    ]
    const log = await (await get(service, ann, '/v1/events')).text()
    expect(log).not.toContain(JSON.parse(atob(bob.access_token.split('.')[1] as string)).sid)
    expect(JSON.parse(log).events).toHaveLength(1)
  })
})
