// Back-channel logout: what a client's receiver gets when a session of its own ends, and what becomes of a receiver that
// does not take it.
import { createRemoteJWKSet, customFetch, decodeJwt, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCOUNT_CLIENT } from '../../src/domain/client.ts'
import type { SessionEndedMessage } from '../../src/domain/event-message.ts'
import {
  DAY_SECONDS,
  DELIVERY_SLOW_RETRY_SECONDS,
  DELIVERY_TIMEOUT_MS,
  LOGOUT_TOKEN_SECONDS,
  REPEAT_SECONDS,
} from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { announce } from '../../src/user/announce.ts'
import { alarmCount, listAlarms } from './support/alarms.ts'
import { connect, createApp } from './support/authorize.ts'
import { signInBrowser } from './support/browser.ts'
import { deliver, recordQueue } from './support/events.ts'
import { workerSeenThrough } from './support/intercept.ts'
import { admin, bearer, createService, form, freshAddress, ISSUER, json } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'
import { until } from './support/until.ts'

const RECEIVER = 'https://app.test/back-channel?tenant=1'
const queued = recordQueue()
const service = createService(queued.bindings)
const ok: typeof service.answers = async () => new Response(null, { status: 200 })

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue()
  service.answers = ok
})
afterEach(() => {
  queued.messages.length = 0
  service.outbound.length = 0
})

const listening = (registration: Readonly<Record<string, unknown>> = {}) =>
  createClient(service, { backchannel_logout_uri: RECEIVER, ...registration })

/** What is queued once the objects have done what they do beside their answers. */
const untilQueued = (count: number): Promise<SessionEndedMessage[]> =>
  until(() => {
    expect(logouts()).toHaveLength(count)
    return logouts()
  })
const logouts = () => queued.messages.filter(message => message.type === 'session.ended')

const sidOf = (tokens: Tokens): string => String(decodeJwt(tokens.access_token).sid)

/** A message as an object would have queued it. */
const ended = (client_id: string): SessionEndedMessage => ({
  type: 'session.ended',
  user_id: 'u_aaAAAAAAAAAAAAAAAAAAAAAA',
  session_id: 's_aaAAAAAAAAAAAAAAAAAAAAAA',
  client_id,
  at: service.now,
  seq: 2,
})

describe('a client that registered where it listens', () => {
  it('OI-09: is sent a logout token that an independent library takes, and that is no ID token', async () => {
    const { client_id } = await listening()
    const tokens = await signIn(service, client_id, freshAddress())
    await service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' }))
    const [message] = await untilQueued(1)
    expect(message).toEqual({
      type: 'session.ended',
      user_id: tokens.user_id,
      session_id: sidOf(tokens),
      client_id,
      at: service.now,
      seq: 2,
    })
    expect(await deliver(service, queued.messages)).toEqual([null])
    expect(service.outbound).toHaveLength(1)
    const [{ uri, init } = { uri: '', init: {} }] = service.outbound
    expect([uri, init.method]).toEqual([RECEIVER, 'POST'])
    expect(new Headers(init.headers).get('Content-Type')).toBe('application/x-www-form-urlencoded')
    const fields = [...new URLSearchParams(String(init.body))]
    expect(fields.map(([name]) => name)).toEqual(['logout_token'])
    const token = fields[0]?.[1] ?? ''
    const jwks = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`), {
      [customFetch]: url => service.request(String(url)),
    })
    const { payload, protectedHeader } = await jwtVerify(token, jwks, {
      issuer: ISSUER,
      audience: client_id,
      typ: 'logout+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(service.now * 1_000),
    })
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'logout+jwt', kid: expect.any(String) })
    expect(payload).toEqual({
      iss: ISSUER,
      aud: client_id,
      sub: tokens.user_id,
      sid: sidOf(tokens),
      jti: expect.stringMatching(/^[\w-]{43}$/),
      iat: service.now,
      exp: service.now + LOGOUT_TOKEN_SECONDS,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
    expect(LOGOUT_TOKEN_SECONDS).toBeLessThanOrEqual(120)
    // A later try is another token, good for two minutes from then.
    service.now += 600
    await deliver(service, queued.messages, 2)
    const again = new URLSearchParams(String(service.outbound[1]?.init.body)).get('logout_token') ?? ''
    expect(decodeJwt(again).jti).not.toBe(payload.jti)
    expect(decodeJwt(again).iat).toBe(service.now)
    // JW-04: it opens nothing here.
    expect((await service.request('/ping/whoami', bearer(again))).status).toBe(401)
    expect((await refresh(service, { client_id, refresh_token: again })).status).toBe(400)
    expect(await alarmCount(service)).toBe(0)
  })

  it('OI-10: is told whatever its session has ended for, once, and of nobody else’s session', async () => {
    const { client_id } = await listening({ session_rule: { limit: 1, at_limit: 'replace_oldest' } })
    const silent = await createClient(service)
    const post = (tokens: Tokens, path: string, body: object) =>
      service.request(path, bearer(tokens.access_token, json(body)))
    const ways: Record<string, (tokens: Tokens, email: string) => Promise<unknown>> = {
      signed_out: tokens =>
        service.request('/oauth2/revoke', form({ client_id, token: tokens.refresh_token })),
      ended_by_user: tokens => post(tokens, '/v1/sessions/revoke-all', {}),
      replaced: (_, email) => signIn(service, client_id, email),
      refresh_reused: async tokens => {
        await refresh(service, tokens)
        service.now += 11
        await refresh(service, tokens)
      },
      ended_by_operator: tokens =>
        service.request(`/admin/v1/users/${tokens.user_id}`, admin(service, { method: 'DELETE' })),
      user_disabled: tokens =>
        service.request(`/admin/v1/users/${tokens.user_id}/disable`, admin(service, { method: 'POST' })),
      expired: async () => {
        service.now += 8 * DAY_SECONDS
        await keepHouse(service.parts, service.now)
      },
    }
    for (const [why, end] of Object.entries(ways)) {
      const email = freshAddress()
      const tokens = await signIn(service, client_id, email)
      await signIn(service, silent.client_id, email)
      await end(tokens, email)
      const ofUser = await until(() => {
        const found = logouts().filter(({ user_id }) => user_id === tokens.user_id)
        expect(found.length, why).toBeGreaterThan(0)
        return found
      })
      expect([why, ofUser.map(({ session_id }) => session_id)]).toEqual([why, [sidOf(tokens)]])
    }
  })

  it('OI-10: is told of the session that an app ends by way of the browser, and of that one only', async () => {
    const told = await createApp(service, { backchannel_logout_uri: RECEIVER })
    const stays = await createApp(service, { backchannel_logout_uri: RECEIVER })
    const at = await signInBrowser(service, freshAddress())
    const tokens = await connect(told, at, { scope: 'openid' })
    const staying = await connect(stays, at, { scope: 'openid' })
    await at.get(`/oauth2/end-session?id_token_hint=${tokens.id_token}`)
    expect((await untilQueued(1))[0]).toMatchObject({ client_id: told.clientId, session_id: sidOf(tokens) })
    expect((await service.request('/ping/whoami', bearer(staying.access_token))).status).toBe(200)
  })

  it('OI-10: is told again when the change is tried again soon, and not for ever', async () => {
    const { client_id } = await listening()
    const { refresh_token } = await signIn(service, client_id, freshAddress())
    const revoke = () => service.request('/oauth2/revoke', form({ client_id, token: refresh_token }))
    await revoke()
    await revoke()
    await untilQueued(2)
    service.now += REPEAT_SECONDS + 1
    await revoke()
    // In the order of the object: what comes after has been announced after.
    const tokens = await signIn(service, client_id, freshAddress())
    await service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' }))
    expect((await untilQueued(3)).at(-1)?.session_id).toBe(sidOf(tokens))
  })
})

describe('whoever does not listen', () => {
  it('OI-10: delays no logout: neither a queue that hangs or fails, nor a receiver', async () => {
    const errors = vi.spyOn(console, 'error').mockReturnValue()
    const { client_id } = await listening()
    const logOut = async () => {
      const tokens = await signIn(service, client_id, freshAddress())
      const answer = await service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' }))
      const dead = await service.request('/ping/whoami', bearer(tokens.access_token))
      return [answer.status, dead.status]
    }
    const sends = {
      fails: () => Promise.reject(new Error('away')),
      hangs: () => new Promise<void>(() => undefined),
    }
    for (const send of Object.values(sends)) {
      queued.send = send
      expect(await logOut()).toEqual([204, 401])
    }
    queued.send = async take => take()
    await until(() =>
      expect(errors).toHaveBeenCalledWith(expect.stringContaining('"event":"events.not_queued"')),
    )
    // A receiver is never in the way: the object only queues.
    service.answers = () => new Promise(() => undefined)
    expect(await logOut()).toEqual([204, 401])
    expect(service.outbound).toEqual([])
  })

  it('OI-10: holds up no other client’s message', async () => {
    const hangs = await listening({ backchannel_logout_uri: 'https://hangs.test/' })
    const quick = await listening()
    const { promise: hanging, reject: giveUp } = Promise.withResolvers<Response>()
    service.answers = async (uri, init) => (uri.includes('hangs') ? hanging : ok(uri, init))
    const done: string[] = []
    const messages = [hangs, quick].map(({ client_id }) => ended(client_id))
    const delivering = deliver(service, messages, 1, (message, fate) =>
      done.push(`${(message as SessionEndedMessage).client_id} ${fate}`),
    )
    await until(() => expect(service.outbound.some(({ uri }) => !uri.includes('hangs'))).toBe(true))
    // Nor the whole batch, for longer than a second.
    await until(() => expect(done).toHaveLength(2))
    giveUp(new Error('reset'))
    await delivering
    expect(done.sort()).toEqual(
      [`${quick.client_id} null`, `${hangs.client_id} ${DELIVERY_SLOW_RETRY_SECONDS}`].sort(),
    )
  })

  it('OI-10: is tried again later and later, and then no more; what would be answered alike, never', async () => {
    const { client_id } = await listening()
    const tries = async (answers: typeof service.answers) => {
      service.answers = answers
      const delays: (number | null)[] = []
      for (let attempt = 1; attempt <= 5; attempt++) {
        const [delay = null] = await deliver(service, [ended(client_id)], attempt)
        delays.push(delay)
        if (delay === null) break
      }
      return delays
    }
    const answering =
      (status: number, headers: Record<string, string> = {}) =>
      async () =>
        new Response(null, { status, headers })
    for (const status of [200, 204]) expect(await tries(answering(status))).toEqual([null])
    expect(await alarmCount(service, 'logout.failing')).toBe(0)
    const nobody = () => Promise.reject(new Error('nobody is there'))
    for (const answers of [nobody, answering(500), answering(503), answering(408), answering(429)]) {
      expect(await tries(answers)).toEqual([5, 30, 120, 600, null])
    }
    for (const status of [400, 401, 404, 302]) {
      expect([status, await tries(answering(status, { Location: 'https://eve.test/' }))]).toEqual([
        status,
        [null],
      ])
    }
    expect(service.outbound.every(({ uri }) => uri === RECEIVER)).toBe(true)
    const [alarm] = await listAlarms(service, 'logout.failing')
    expect(alarm).toMatchObject({ severity: 'medium', client_id, user_id: ended(client_id).user_id })
    await until(async () => expect(await alarmCount(service, 'logout.failing')).toBe(9))
    const wait = async (value: string) => (await tries(answering(503, { 'Retry-After': value })))[0]
    const date = new Date((service.now + 90) * 1_000).toUTCString()
    expect([
      await wait('60'),
      await wait('1'),
      await wait('999999'),
      await wait(date),
      await wait('soon'),
    ]).toEqual([60, 5, 3_600, 90, 5])
  })

  it('OI-10: runs out of time: is told again', async () => {
    const { client_id } = await listening()
    service.answers = () => new Promise(() => undefined)
    const timer = setTimeout
    const timers = vi
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(((work: () => void, delay: number) =>
        timer(work, delay === DELIVERY_TIMEOUT_MS ? 0 : delay)) as never)
    expect(await deliver(service, [ended(client_id)])).toEqual([5])
    timers.mockRestore()
    service.answers = ok
    service.outbound.length = 0
    expect(await deliver(service, [ended(client_id)], 2)).toEqual([null])
    expect(service.outbound).toHaveLength(1)
  })

  it('OI-10: takes it late, or refuses it late: is told once; fails late: is told again, no sooner than it asks for', async () => {
    const { client_id } = await listening()
    const late = async (status: number, session_id: string, retryAfter = '', waited = 0) => {
      const { promise, resolve } = Promise.withResolvers<Response>()
      const { promise: settled, resolve: onFate } = Promise.withResolvers<number | null>()
      service.answers = () => promise
      const message = { ...ended(client_id), session_id }
      const delivering = deliver(service, [message], 1, (_, fate) => onFate(fate))
      const fate = await settled
      resolve(new Response(null, { status, headers: { 'Retry-After': retryAfter } }))
      await delivering
      service.answers = ok
      service.now += waited
      service.outbound.length = 0
      return [fate, await deliver(service, [message], 2), service.outbound.length]
    }
    expect(await late(200, 's_late')).toEqual([DELIVERY_SLOW_RETRY_SECONDS, [null], 0])
    expect(await late(400, 's_refused')).toEqual([DELIVERY_SLOW_RETRY_SECONDS, [null], 0])
    expect(await late(503, 's_failed')).toEqual([DELIVERY_SLOW_RETRY_SECONDS, [null], 1])
    const asked = DELIVERY_SLOW_RETRY_SECONDS + 600
    expect(await late(503, 's_busy', '600')).toEqual([DELIVERY_SLOW_RETRY_SECONDS, [asked], 0])
    expect(await late(503, 's_less_busy', '600', asked)).toEqual([DELIVERY_SLOW_RETRY_SECONDS, [null], 1])
  })

  it('OI-10: takes it late, which cannot be noted: that is said, and breaks nothing', async () => {
    const errors = vi.spyOn(console, 'error').mockReturnValue()
    const { client_id } = await listening()
    const forgetful = createService({
      ...queued.bindings,
      ...workerSeenThrough((sql, run) => {
        if (sql.some(each => each.startsWith('INSERT INTO late_logouts'))) throw new Error('away')
        return run()
      }),
    })
    const { promise, resolve } = Promise.withResolvers<Response>()
    forgetful.answers = () => promise
    const delivering = deliver(forgetful, [ended(client_id)], 1, () => resolve(new Response()))
    expect(await delivering).toEqual([DELIVERY_SLOW_RETRY_SECONDS])
    expect(errors).toHaveBeenCalledWith(expect.stringContaining('"event":"logout.not_noted"'))
  })

  it('OI-10: has been deleted, or no longer wants to know: nothing is sent, and nothing is wrong', async () => {
    const { client_id } = await createClient(service)
    expect(await deliver(service, [ended(client_id), ended('no-such-client')])).toEqual([null, null])
    expect(service.outbound).toEqual([])
  })
})

describe('where a client may listen', () => {
  it.each([
    'http://app.test/bc',
    'https://localhost/bc',
    'https://10.0.0.1/bc',
    'https://127.0.0.1/bc',
    'http://127.0.0.1:8080/bc',
    'https://app.internal/bc',
    'https://user@app.test/bc',
    'https://app.test/bc#x',
    'https://app.test:22/bc',
    'app.test:/bc',
    '',
  ])('OI-10: not at %j, WH-03', async backchannel_logout_uri => {
    await expect(listening({ backchannel_logout_uri })).rejects.toThrow('check: backchannel_logout_uri')
  })

  it('OI-10: on this machine where that is allowed', async () => {
    const local = createService({ ISSUER: 'http://localhost:8787', LOOPBACK_TARGETS: 'on' })
    const backchannel_logout_uri = 'http://127.0.0.1:9000/bc'
    const { client_id } = await createClient(local, { backchannel_logout_uri })
    const read = await local.request(`/admin/v1/clients/${client_id}`, admin(local))
    expect(await read.json()).toMatchObject({ backchannel_logout_uri })
  })
})

it('OI-10: however many sessions end at once, the queue takes them in turn', async () => {
  const client = { ...ACCOUNT_CLIENT, backchannel_logout_uri: RECEIVER }
  const batches: number[] = []
  const queue = { sendBatch: async (batch: unknown[]) => void batches.push(batch.length) }
  const entry = { type: 'session.ended', at: 1, sessionId: 's', clientId: 'c' }
  const entries = Array.from({ length: 250 }, (_, seq) => ({ ...entry, seq }))
  await announce(
    { queue, findClient: async () => client, listWebhooks: async () => [] } as never,
    'u',
    entries as never,
    1,
  )
  expect(batches).toEqual([100, 100, 50])
})
