// Live messages: who hears what, over both transports; and that what has ended hears no more.
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ACCOUNT_CLIENT } from '../../src/domain/client.ts'
import { parseJti } from '../../src/domain/ids.ts'
import { EVENT_STREAM_BEAT_MS, LIVE_SOCKETS_PER_SESSION } from '../../src/domain/limits.ts'
import { SAME_ORIGIN, signInBrowser } from './support/browser.ts'
import {
  addToken,
  captureLogs,
  everythingStored,
  type Jar,
  leaksIn,
  passOverFormerObjects,
} from './support/canaries.ts'
import { dump } from './support/dump.ts'
import { namespaceOf, objectsSeenThrough } from './support/intercept.ts'
import { byHeader, bySubprotocol, endSession, type LiveMessage, listen, stream } from './support/live.ts'
import { admin, bearer, createService, freshAddress, json, type Service } from './support/service.ts'
import { createClient, redeem, requestLink, signIn, type Tokens } from './support/sign-in.ts'

beforeAll(passOverFormerObjects)

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const NO_LIMIT = { session_rule: { limit: null, at_limit: 'replace_oldest' } }
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

const sessionIdOf = (tokens: Tokens): string => {
  const { jti } = JSON.parse(
    atob((tokens.access_token.split('.')[1] as string).replaceAll('-', '+').replaceAll('_', '/')),
  )
  return parseJti(jti)?.sessionId as string
}

/** One user with a browser and an app, both signed in. */
async function atHome(registration: Readonly<Record<string, unknown>> = {}, service = createService()) {
  const { client_id } = await createClient(service, {
    name: 'Phone & <b>app</b>',
    ...NO_LIMIT,
    ...registration,
  })
  const email = freshAddress()
  const page = await signInBrowser(service, email)
  const app = await signIn(service, client_id, email)
  return { service, client_id, email, page, app, inPage: page.send, inApp: service.request }
}

async function newestEvent(service: Service, tokens: Tokens): Promise<Record<string, unknown>> {
  const response = await service.request('/v1/events?limit=1', bearer(tokens.access_token))
  return ((await response.json()) as { events: Record<string, unknown>[] }).events[0] as Record<
    string,
    unknown
  >
}

describe('a sign-in elsewhere', () => {
  it('SE-10: is told to every device, over both transports, as the list and the log show it', async () => {
    const { service, client_id, email, app, inPage, inApp } = await atHome()
    const sockets = [
      await listen(inPage, SAME_ORIGIN),
      await listen(inApp, bySubprotocol(app)),
      await listen(inApp, byHeader(app)),
    ]
    const streams = [await stream(inPage, SAME_ORIGIN), await stream(inApp, byHeader(app))]
    for (const each of streams) expect(await each.next()).toBe(': open')

    const attempt = await requestLink(service, client_id, email, { device_name: '<img src=x>"\n\u2028' })
    const request: typeof service.request = (path, init) =>
      service.request(path, { ...init, headers: { ...(init?.headers as object), 'User-Agent': IPHONE } })
    const other: Tokens = await (await redeem({ ...service, request }, attempt)).json()

    const { sessions } = (await (
      await service.request('/v1/sessions', bearer(other.access_token))
    ).json()) as {
      sessions: Record<string, unknown>[]
    }
    const listed = sessions.find(each => each.id === sessionIdOf(other)) as Record<string, unknown>
    const logged = await newestEvent(service, other)
    const expected = {
      seq: logged.seq,
      type: 'session.created',
      at: logged.at,
      reason: null,
      by: { kind: 'session', session_id: sessionIdOf(other) },
      session: { id: listed.id, client: listed.client, device: listed.device, place: listed.place },
    }
    expect(expected.session.client).toEqual({
      id: client_id,
      name: 'Phone & <b>app</b>',
      kind: 'first_party',
    })
    expect(expected.session.device).toMatchObject({ name: '<img src=x>"\n\u2028', kind: 'phone', os: 'iOS' })
    for (const socket of sockets) expect(await socket.next()).toEqual(expected)
    for (const each of streams) {
      const [event, id, data, ...rest] = ((await each.next()) as string).split('\n')
      expect([event, id, rest]).toEqual(['event: session.created', `id: ${logged.seq}`, []])
      expect(JSON.parse((data as string).replace(/^data: /, ''))).toEqual(expected)
      await each.cancel()
    }
  })

  it('is told when it replaces, when it is refused, and beside a change of preference', async () => {
    const { service, email, page, app, inPage, inApp } = await atHome()
    const single = await createClient(service, { session_rule: { limit: 1, at_limit: 'replace_oldest' } })
    const strict = await createClient(service, { session_rule: { limit: 1, at_limit: 'refuse' } })
    const socket = await listen(inApp, byHeader(app))
    const replaced = await signIn(service, single.client_id, email)
    const replacedHears = await listen(inApp, byHeader(replaced))
    await signIn(service, single.client_id, email)
    await signIn(service, strict.client_id, email)
    const refused = await redeem(service, await requestLink(service, strict.client_id, email))
    expect(refused.status).toBe(400)
    const preferences = json(
      { notify: { new_sign_in: 'never' }, one_device: false, one_session_per_client: true },
      'PUT',
    )
    await page.get('/account')
    const token = { 'X-CSRF-Token': page.csrfToken as string }
    const changed = await inPage('/v1/preferences', {
      ...preferences,
      headers: { 'Content-Type': 'application/json', ...SAME_ORIGIN, ...token },
    })
    expect(changed.status, await changed.clone().text()).toBe(200)

    const heard = []
    for (let count = 0; count < 6; count++) heard.push(await socket.next())
    expect(heard.map(({ type, reason }) => [type, reason])).toEqual([
      ['session.created', null],
      ['session.ended', 'replaced'],
      ['session.created', null],
      ['session.created', null],
      ['sign_in.refused', 'session_limit_reached'],
      ['preference.changed', null],
    ])
    expect(heard.map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7, 8])
    expect(heard[4]).toMatchObject({
      by: { kind: 'system' },
      session: {
        id: null,
        client: { id: strict.client_id, name: 'Test app', kind: 'first_party' },
        device: { kind: 'other' },
      },
    })
    expect(heard[5]).toMatchObject({ by: { kind: 'session' }, session: null })
    // The replaced phone hears why, and by whom and where, and is let go.
    const [ended, created] = [await replacedHears.next(), await replacedHears.next()]
    expect([ended.type, created.type]).toEqual(['session.ended', 'session.created'])
    const { id, ...replacing } = created.session as NonNullable<LiveMessage['session']>
    expect(ended.by).toEqual({ kind: 'session', session_id: id, ...replacing })
    expect(ended.by).toMatchObject({ client: { id: single.client_id }, device: { kind: 'other' } })
    expect(await replacedHears.closed).toEqual({ code: 4001, reason: 'replaced' })
  })
})

describe('an ended session', () => {
  it('SE-11, I4: is told to all, itself last of all, and its sockets and streams are closed', async () => {
    const { service, client_id, email, page, inPage, inApp } = await atHome()
    const caller = await createClient(service, { name: 'Desk' })
    const app = await signIn(service, caller.client_id, email, { device_name: 'Ann’s desk' })
    const lost = await signIn(service, client_id, email)
    const [socket, own] = [await listen(inPage, SAME_ORIGIN), await listen(inApp, bySubprotocol(lost))]
    const ownStream = await stream(inApp, byHeader(lost))
    expect(await ownStream.next()).toBe(': open')
    expect((await endSession(service, app, sessionIdOf(lost))).status).toBe(204)
    const expected = {
      type: 'session.ended',
      reason: 'ended_by_user',
      by: {
        kind: 'session',
        session_id: sessionIdOf(app),
        client: { id: caller.client_id, name: 'Desk', kind: 'first_party' },
        device: { name: 'Ann’s desk' },
        place: { country: null, city: null },
      },
      session: { id: sessionIdOf(lost), client: { id: client_id } },
    }
    expect(await socket.next()).toMatchObject(expected)
    expect(await own.next()).toMatchObject(expected)
    expect(await own.closed).toEqual({ code: 4001, reason: 'ended_by_user' })
    expect(await ownStream.next()).toContain('event: session.ended')
    expect(await ownStream.next()).toBeNull()

    // By signing out, and by an operator who deletes the account.
    await page.post('/sign-out')
    expect(await socket.next()).toMatchObject({
      reason: 'signed_out',
      session: { client: { id: ACCOUNT_CLIENT.id } },
    })
    expect(await socket.closed).toMatchObject({ code: 4001 })
    const last = await listen(inApp, byHeader(app))
    const deleted = await service.request(
      `/admin/v1/users/${app.user_id}`,
      admin(service, { method: 'DELETE' }),
    )
    expect(deleted.status).toBe(204)
    expect(await last.next()).toMatchObject({ reason: 'ended_by_operator', by: { kind: 'operator' } })
    expect(await last.closed).toEqual({ code: 4001, reason: 'ended_by_operator' })
    expect(own.texts).toHaveLength(1)
  })

  it('I4: hears nothing more even when the answer to its end was lost, and what is settled is told', async () => {
    const plan = { loseAnswer: 0, isDark: false }
    const service = createService({
      USER_SESSIONS: objectsSeenThrough(async (sql, run) => {
        if (plan.isDark) throw new Error('D1_ERROR: Network connection lost.')
        const results = await run()
        if (plan.loseAnswer > 0 && sql.some(each => each.startsWith('INSERT INTO user_events'))) {
          plan.isDark = plan.loseAnswer > 1
          plan.loseAnswer = 0
          throw new Error('D1_ERROR: Network connection lost.')
        }
        return results
      }),
    })
    const { client_id, email, page, app, inPage, inApp } = await atHome({}, service)
    const thief = await listen(inApp, byHeader(app))
    const socket = await listen(inPage, SAME_ORIGIN)
    plan.loseAnswer = 1
    const other = await signIn(service, client_id, email)
    expect(await socket.next()).toMatchObject({
      type: 'session.created',
      session: { id: sessionIdOf(other) },
    })
    expect(await thief.next()).toMatchObject({ type: 'session.created' })

    plan.loseAnswer = 2
    expect((await endSession(service, other, sessionIdOf(app))).status).toBe(503)
    plan.isDark = false
    await signIn(service, client_id, email)
    // What was never known to have happened is a gap in seq: the log has it.
    expect([(await socket.next()).seq, page.cookie('__Host-session') !== undefined]).toEqual([5, true])
    expect(await thief.closed).toMatchObject({ code: 4001 })
    expect(thief.texts).toHaveLength(1)
  })

  it('I4: gets no socket, when it ended between the check and the opening', async () => {
    const { service, page, app } = await atHome()
    const late = createService({
      USER_SESSIONS: namespaceOf(async (_, open, args) => {
        expect((await endSession(service, app, sessionIdOf(app))).status).toBe(204)
        return open(...args)
      }),
    })
    const response = await late.request('/v1/sessions/live', {
      headers: { Upgrade: 'websocket', ...byHeader(app) },
    })
    expect([response.status, response.webSocket]).toEqual([401, null])
    expect(await response.json()).toMatchObject({ code: 'session_ended', reason: 'ended_by_user' })
    expect((await page.get('/account')).status).toBe(200)
  })
})

describe('a socket', () => {
  it('SE-12: of another user hears nothing of this one', async () => {
    const one = await atHome()
    const two = await atHome({}, one.service)
    const socket = await listen(two.inApp, byHeader(two.app))
    await signIn(one.service, one.client_id, one.email)
    const other = await signIn(one.service, two.client_id, two.email)
    expect((await socket.next()).session?.id).toBe(sessionIdOf(other))
    expect(socket.texts).toHaveLength(1)
  })

  it('TK-01: says nothing once the token that opened it has run out', async () => {
    const { service, client_id, email, app, inPage, inApp } = await atHome()
    const [socket, page] = [await listen(inApp, byHeader(app)), await listen(inPage, SAME_ORIGIN)]
    service.now += app.expires_in
    await signIn(service, client_id, email)
    expect((await page.next()).type).toBe('session.created')
    expect([await socket.closed, socket.texts]).toEqual([{ code: 4002, reason: 'token_expired' }, []])
  })

  it('hears again after the object has slept, and is kept alive by ping; it may say nothing else', async () => {
    const { service, client_id, email, app, inApp } = await atHome()
    const socket = await listen(inApp, byHeader(app))
    await evictDurableObject(env.USER_SESSIONS.getByName(app.user_id))
    socket.socket.send('ping')
    expect(await socket.nextText()).toBe('pong')
    await signIn(service, client_id, email)
    expect((await socket.next()).type).toBe('session.created')
    socket.socket.send('hello')
    expect(await socket.closed).toMatchObject({ code: 1008 })
  })

  it('that its listener closes is closed from here too', async () => {
    const { app, inApp } = await atHome()
    const socket = await listen(inApp, byHeader(app))
    socket.socket.close(1000, 'enough')
    expect(await socket.closed).toMatchObject({ code: expect.any(Number) })
    const open = await runInDurableObject(env.USER_SESSIONS.getByName(app.user_id), (_, state) =>
      state.getWebSockets().filter(each => each.readyState === WebSocket.OPEN),
    )
    expect(open).toEqual([])
  })

  it('is one of a few: the oldest of the session gives way', async () => {
    const { service, client_id, email, app, inPage, inApp } = await atHome()
    const page = await listen(inPage, SAME_ORIGIN)
    const sockets = []
    for (let count = 0; count <= LIVE_SOCKETS_PER_SESSION; count++)
      sockets.push(await listen(inApp, byHeader(app)))
    const [oldest, ...rest] = sockets
    expect(await oldest?.closed).toMatchObject({ code: 4003 })
    await signIn(service, client_id, email)
    for (const socket of [page, ...rest]) expect((await socket.next()).type).toBe('session.created')
  })

  it('a stream shows that it is open, and closes its socket when its reader goes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { service, client_id, email, app, inApp } = await atHome()
    const streams = []
    for (let count = 0; count < LIVE_SOCKETS_PER_SESSION; count++)
      streams.push(await stream(inApp, byHeader(app)))
    const [first, second] = streams
    expect(Object.fromEntries(first?.response.headers ?? [])).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^req_/),
      'x-content-type-options': 'nosniff',
    })
    expect(await first?.next()).toBe(': open')
    vi.advanceTimersByTime(EVENT_STREAM_BEAT_MS)
    expect(await first?.next()).toBe(': open')
    // Its place is free: the next one pushes nobody out.
    await first?.cancel()
    expect(vi.getTimerCount()).toBe(LIVE_SOCKETS_PER_SESSION - 1)
    await listen(inApp, byHeader(app))
    await signIn(service, client_id, email)
    for (const open of [': open', ': open']) expect(await second?.next()).toBe(open)
    expect(await second?.next()).toContain('session.created')
    for (const each of streams.slice(1)) await each.cancel()
  })
})

describe('what telling costs and shows', () => {
  it('I9: no secret is in any message, in the log or in what the object keeps; telling writes no row', async () => {
    const logs = captureLogs()
    const rows = { written: 0, calls: 0 }
    const service = createService({
      USER_SESSIONS: objectsSeenThrough(async (_, run) => {
        rows.calls += 1
        const results = await run()
        for (const { meta } of results) rows.written += meta.rows_written
        return results
      }),
    })
    const { client_id, email, page, app, inPage, inApp } = await atHome({}, service)
    const costOf = async (work: () => Promise<unknown>) => {
      Object.assign(rows, { written: 0, calls: 0 })
      await work()
      return { ...rows }
    }
    const unheard = await costOf(() => signIn(service, client_id, email))
    const before = await dump(service)
    const socket = await listen(inPage, SAME_ORIGIN)
    await listen(inApp, bySubprotocol(app))
    expect(await dump(service)).toBe(before)
    let other: Tokens | undefined
    const heard = await costOf(async () => {
      other = await signIn(service, client_id, email)
      await socket.next()
    })
    expect([heard.written, unheard.calls]).toEqual([unheard.written, 1])
    expect(heard.calls).toBeLessThanOrEqual(unheard.calls + 2)
    await endSession(service, app, sessionIdOf(app))
    await socket.next()

    const jar: Jar = new Map([['address', email]])
    for (const [name, tokens] of Object.entries({ app, other: other as Tokens })) {
      addToken(jar, `${name}, access token`, tokens.access_token)
      addToken(jar, `${name}, refresh token`, tokens.refresh_token)
    }
    addToken(jar, 'browser session', page.cookie('__Host-session') as string)
    expect(socket.texts).toHaveLength(2)
    expect(leaksIn(socket.texts.join('\n'), jar)).toEqual([])
    expect(leaksIn(logs.text(), jar)).toEqual([])
    jar.delete('address')
    expect(leaksIn(await everythingStored(service), jar)).toEqual([])
  })

  it('whoever cannot be told is cut off, and the change stands', async () => {
    captureLogs()
    let fails = false
    const service = createService({
      USER_SESSIONS: objectsSeenThrough((sql, run) => {
        if (fails && sql.length === 1 && sql[0]?.includes('FROM sessions')) throw new Error('D1_ERROR: away')
        return run()
      }),
    })
    const { client_id, email, inPage } = await atHome({}, service)
    const socket = await listen(inPage, SAME_ORIGIN)
    fails = true
    const other = await signIn(service, client_id, email)
    expect(other.access_token).toBeTypeOf('string')
    expect([await socket.closed, socket.texts]).toEqual([{ code: 1011, reason: 'not_told' }, []])
  })
})
