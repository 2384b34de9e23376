// Webhooks: what an operator's receiver gets when something happens to a user, that it comes from us, and what becomes of a
// receiver that does not take it.
import { Webhook as Verifier } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventMessage, WebhookMessage } from '../../src/domain/event-message.ts'
import {
  DAY_SECONDS,
  DELIVERY_SLOW_MS,
  DELIVERY_SLOW_RETRY_SECONDS,
  QUEUE_DEADLINE_MS,
  QUEUE_TRIES,
  RETENTION,
  RETENTION_PAST_EXPIRY_SECONDS,
  WEBHOOK_BACKOFF_SECONDS,
  WEBHOOK_HELD_SECONDS,
  WEBHOOK_ROTATION_SECONDS,
  WEBHOOK_TIMEOUT_MS,
} from '../../src/domain/limits.ts'
import { rfc3339 } from '../../src/domain/time.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { giveUpEvents } from '../../src/notify/deliver-events.ts'
import { webhookCache } from '../../src/store/webhook-cache.ts'
import type { DeliveryRow } from '../../src/store/webhook-deliveries.ts'
import { disableWebhook } from '../../src/store/webhooks.ts'
import { HOSTILE, NOT_HTTPS } from '../hostile-targets.ts'
import { alarmCount, listAlarms } from './support/alarms.ts'
import { deliver, recordQueue } from './support/events.ts'
import { changeEnv, type Intercept, namespaceOf, workerSeenThrough } from './support/intercept.ts'
import { admin, bearer, createService, freshAddress, json } from './support/service.ts'
import { createClient, redeem, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { storedEvents } from './support/stored.ts'
import { until } from './support/until.ts'

const RECEIVER = 'https://receiver.test/hooks?tenant=1'
const queued = recordQueue()
const service = createService(queued.bindings)
const answering =
  (status: number, headers: Record<string, string> = {}) =>
  async () =>
    new Response(null, { status, headers })
const db = () => service.parts.shards.global

let clientId: string | null = null

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue()
  // The verifier goes by the machine's clock.
  vi.spyOn(Date, 'now').mockImplementation(() => service.now * 1_000)
  service.answers = answering(204)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await db().prepare('DELETE FROM webhooks').run()
  webhookCache.forget()
  queued.send = async add => add()
  queued.messages.length = 0
  service.outbound.length = 0
})

interface WebhookView {
  readonly id: string
  readonly url: string
  readonly events: readonly string[]
  readonly disabled_at: string | null
  readonly held_until: string | null
}
interface DeliveryView {
  readonly id: string
  readonly type: string
  readonly state: string
  readonly attempts: number
  readonly last_at: string
  readonly status: number | null
  readonly why: string | null
}

const call = (path: string, method = 'GET', body?: unknown) =>
  service.request(
    `/admin/v1/webhooks${path}`,
    admin(service, body === undefined ? { method } : json(body, method)),
  )

async function register(fields: Readonly<Record<string, unknown>> = {}) {
  const answer = await call('', 'POST', { url: RECEIVER, events: ['*'], ...fields })
  expect(answer.status, await answer.clone().text()).toBe(201)
  return (await answer.json()) as WebhookView & { secret: string }
}

const list = async () => ((await (await call('')).json()) as { webhooks: WebhookView[] }).webhooks
const logOf = async ({ id }: { id: string }) =>
  ((await (await call(`/${id}/deliveries`)).json()) as { deliveries: DeliveryView[] }).deliveries

const storedDeliveries = async () =>
  (await db().prepare('SELECT * FROM webhook_deliveries').all<DeliveryRow>()).results

async function signInOnce(email = freshAddress(), more: Readonly<Record<string, unknown>> = {}) {
  clientId ??= (await createClient(service)).client_id
  return signIn(service, clientId, email, more)
}

/** Takes the messages of this kind from the queue, once there are as many. */
function take<Type extends EventMessage['type']>(type: Type, count = 1) {
  return until(() => {
    const found = queued.messages.filter(
      (message): message is Extract<EventMessage, { type: Type }> => message.type === type,
    )
    expect(found).toHaveLength(count)
    const others = queued.messages.filter(message => message.type !== type)
    queued.messages.splice(0, queued.messages.length, ...others)
    return found
  })
}

/** What has been queued for each webhook, after `count` events. */
async function fannedOut(count = 1, receivers = 1): Promise<WebhookMessage[]> {
  expect(await deliver(service, await take('happened', count))).toEqual(Array(count).fill(null))
  return take('webhook', count * receivers)
}

function sent(at = -1) {
  const { uri = '', init } = service.outbound.at(at) ?? {}
  const headers = Object.fromEntries(new Headers(init?.headers))
  return { uri, headers, body: String(init?.body), init }
}

const verify = (secret: string, { body, headers } = sent()) =>
  new Verifier(secret).verify(body, headers) as { type: string; data: Record<string, unknown> }

/** A message as the consumer would have queued it. */
const waiting = (webhook_id: string, seq = 1): WebhookMessage => ({
  type: 'webhook',
  webhook_id,
  id: `${webhook_id}-u_aaAAAAAAAAAAAAAAAAAAAAAA-${seq}`,
  event: {
    type: 'session.created',
    at: service.now,
    user_id: 'u_aaAAAAAAAAAAAAAAAAAAAAAA',
    session_id: 's_aaAAAAAAAAAAAAAAAAAAAAAA',
    client_id: 'ios',
    reason: null,
    seq,
  },
})

describe('where a webhook may be', () => {
  it('WH-01, WH-02: no hostile place can be registered, by any notation, nor changed to', async () => {
    const { id } = await register()
    expect(HOSTILE.length + NOT_HTTPS.length).toBeGreaterThan(130)
    for (const url of [...HOSTILE, ...NOT_HTTPS, 'http://127.0.0.1:9000/', 7, null, 'x'.repeat(3_000)]) {
      for (const answer of [
        await call('', 'POST', { url, events: ['*'] }),
        await call(`/${id}`, 'PATCH', { url }),
      ]) {
        expect([url, answer.status]).toEqual([url, 400])
        expect(await answer.json()).toMatchObject({ code: 'invalid_request', detail: 'check: url' })
      }
    }
    expect((await list()).map(({ url }) => url)).toEqual([RECEIVER])
    // A name is judged when sending: one that leads nowhere yet can be registered.
    for (const url of ['https://not-there-yet.test:8443/in', 'https://8.8.8.8/']) await register({ url })
    expect(service.outbound).toEqual([])
  })

  it('WH-01, WH-02: a row that was changed to a hostile place is not sent to, and that is final', async () => {
    const hostile = [...HOSTILE, ...NOT_HTTPS]
    const webhooks = await Promise.all(hostile.map(() => register()))
    const update = db().prepare('UPDATE webhooks SET url = ? WHERE id = ?')
    await db().batch(webhooks.map(({ id }, index) => update.bind(hostile[index], id)))
    const messages = webhooks.map(({ id }) => waiting(id))
    expect(await deliver(service, messages)).toEqual(hostile.map(() => null))
    expect(service.outbound).toEqual([])
    const row = { state: 'given_up', attempts: 1, status: null, why: 'not_a_target' }
    expect(await storedDeliveries()).toMatchObject(hostile.map(() => row))
  })

  it('WH-02: on this machine where that is allowed', async () => {
    const local = createService({ ISSUER: 'http://localhost:8787', LOOPBACK_TARGETS: 'on' })
    const body = { url: 'http://127.0.0.1:9000/in', events: ['user.deleted'] }
    const answer = await local.request('/admin/v1/webhooks', admin(local, json(body)))
    expect(await answer.json()).toMatchObject({ ...body, description: null, disabled_at: null })
  })

  it('AP-02: what is no registration is refused and changes nothing', async () => {
    const { id } = await register({ description: 'first' })
    const good = { url: RECEIVER, events: ['*'] }
    const bad: [string, unknown][] = [
      ['events', { ...good, events: [] }],
      ['events', { ...good, events: '*' }],
      ['events', { ...good, events: ['session.vanished'] }],
      ['events', { ...good, events: ['webhook.test'] }],
      ['events', { ...good, events: Array(50).fill('*') }],
      ['description', { ...good, description: 'x'.repeat(301) }],
      ['url', { events: ['*'] }],
    ]
    for (const [field, body] of bad) {
      const answer = await call('', 'POST', body)
      expect([field, answer.status, await answer.json()]).toMatchObject([
        field,
        400,
        { detail: `check: ${field}` },
      ])
    }
    expect((await call(`/${id}`, 'PATCH', { events: ['nothing'] })).status).toBe(400)
    expect(await list()).toHaveLength(1)
    const requests = [
      ['GET', '/deliveries'],
      ['POST', '/test'],
      ['POST', '/rotate-secret'],
      ['DELETE', ''],
    ] as const
    for (const [method, path] of requests) expect((await call(`/unknown${path}`, method)).status).toBe(404)
    expect((await call('/unknown', 'PATCH', {})).status).toBe(404)
    const changed = await call(`/${id}`, 'PATCH', { events: ['user.deleted', 'user.deleted'] })
    expect(await changed.json()).toMatchObject({
      url: RECEIVER,
      events: ['user.deleted'],
      description: 'first',
    })
  })
})

describe('what a webhook is told', () => {
  it('WH-04, WH-08, WH-09: each entry of the log, signed, thin, and once', async () => {
    const { secret } = await register()
    const email = freshAddress()
    const tokens = await signInOnce(email, { device_name: 'canary of a device' })
    const preferences = { one_session_per_client: true, one_device: false, notify: { new_sign_in: 'never' } }
    await service.request('/v1/preferences', bearer(tokens.access_token, json(preferences, 'PUT')))
    const user = `/admin/v1/users/${tokens.user_id}`
    await service.request(`${user}/disable`, admin(service, { method: 'POST' }))
    await service.request(`${user}/enable`, admin(service, { method: 'POST' }))
    await service.request(user, admin(service, { method: 'DELETE' }))
    const log = await storedEvents(service, tokens.user_id)
    const messages = await fannedOut(log.length)
    expect(await deliver(service, messages)).toEqual(messages.map(() => null))
    const bodies = service.outbound.map((_, index) => verify(secret, sent(index)))
    expect(bodies.map(({ type, data }) => [data.seq, type])).toEqual(log.map(({ seq, type }) => [seq, type]))
    expect(log.map(({ type }) => type)).toEqual([
      'session.created',
      'preference.changed',
      'session.ended',
      'user.disabled',
      'user.enabled',
      'user.deleted',
    ])
    const [created, , ended] = bodies
    const session_id = created?.data.session_id
    const ids = { user_id: tokens.user_id, session_id, client_id: tokens.client_id }
    const caep = 'https://schemas.openid.net/secevent/caep/event-type'
    expect(created).toEqual({
      type: 'session.created',
      timestamp: new Date(service.now * 1_000).toISOString().replace('.000', ''),
      data: { ...ids, seq: 1, event: `${caep}/session-established` },
    })
    expect(ended?.data).toMatchObject({ ...ids, reason: 'user_disabled', event: `${caep}/session-revoked` })
    for (const { body, headers, uri } of service.outbound.map((_, index) => sent(index))) {
      expect([uri, headers['content-type']]).toEqual([RECEIVER, 'application/json'])
      expect(body.length).toBeLessThan(1_000)
    }
    // No credential, no address, no text of a device: neither on the way nor in the log.
    const everything = JSON.stringify([messages, service.outbound, await storedDeliveries()])
    for (const canary of [email, 'canary', tokens.access_token, tokens.refresh_token, secret]) {
      expect([canary, everything.includes(canary)]).toEqual([canary, false])
    }
  })

  it('WH-07, WH-08: only what it asked for, from the moment of its registration; nothing without a webhook', async () => {
    await signInOnce()
    const [created, deleted] = [
      await register({ events: ['session.created'] }),
      await register({ events: ['user.deleted', 'user.disabled'] }),
    ]
    const { user_id } = await signInOnce()
    const [message] = await fannedOut()
    expect(message).toMatchObject({ webhook_id: created.id, event: { user_id } })
    await call(`/${created.id}`, 'DELETE')
    await signInOnce()
    await service.request(`/admin/v1/users/${user_id}`, admin(service, { method: 'DELETE' }))
    expect((await fannedOut()).map(each => each.webhook_id)).toEqual([deleted.id])
    expect(queued.messages).toEqual([])
  })

  it('WH-06: two webhooks get a message each, with an id of its own; a repeated event has the same', async () => {
    await register()
    await register()
    await signInOnce()
    const [happened] = await take('happened')
    if (happened === undefined) throw new Error('nothing was queued')
    await deliver(service, [happened, { ...happened }])
    const ids = (await take('webhook', 4)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(2)
  })
})

describe('the secret', () => {
  it('WH-05: signs on for a day, however often it is rotated: the answer to a rotation can be lost', async () => {
    const { id, secret: first } = await register()
    const rotateSecret = async () =>
      ((await (await call(`/${id}/rotate-secret`, 'POST')).json()) as { secret: string }).secret
    const signers = async (...secrets: string[]) => {
      await deliver(service, [waiting(id)])
      const isGood = (secret: string) => expect(() => verify(secret))
      for (const each of secrets) isGood(each).not.toThrow()
      expect(sent().headers['webhook-signature']?.split(' ')).toHaveLength(secrets.length)
    }
    service.answers = answering(500)
    const second = await rotateSecret()
    service.now += 60
    const third = await rotateSecret()
    await signers(first, second, third)
    // No more than three, whoever rotates without end.
    await signers(second, third, await rotateSecret())
    service.now += WEBHOOK_ROTATION_SECONDS
    const last = await rotateSecret()
    await deliver(service, [waiting(id)])
    expect(sent().headers['webhook-signature']?.split(' ')).toHaveLength(2)
    verify(last)
  })

  it('WH-05: is shown once, sealed where it lies, and after a rotation both sign for a day', async () => {
    const webhook = await register()
    expect(webhook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    service.answers = answering(500)
    await deliver(service, [waiting(webhook.id)])
    verify(webhook.secret)
    // In the middle of a delivery.
    const rotated = await call(`/${webhook.id}/rotate-secret`, 'POST')
    expect(rotated.status).toBe(200)
    const { secret } = (await rotated.json()) as { secret: string }
    expect(secret).not.toBe(webhook.secret)
    service.now += WEBHOOK_ROTATION_SECONDS - 1
    await deliver(service, [waiting(webhook.id)], 2)
    for (const each of [secret, webhook.secret]) verify(each)
    expect(sent().headers['webhook-signature']?.split(' ')).toHaveLength(2)
    service.now += 1
    await deliver(service, [waiting(webhook.id)], 3)
    verify(secret)
    expect(() => verify(webhook.secret)).toThrow('No matching signature')
    const rows = await db().prepare('SELECT * FROM webhooks').all()
    const shown = JSON.stringify([rows.results, await list(), await logOf(webhook)])
    for (const each of [secret, webhook.secret]) {
      expect(shown).not.toContain(each)
      expect(shown).not.toContain(each.slice(6, 46))
    }
  })
})

describe('what the queue itself gives up', () => {
  it('WH-06, LG-06: a dead letter is written down as given up and raises its alarm; nobody is sent anything', async () => {
    const webhook = await register()
    const message = waiting(webhook.id)
    const before = await alarmCount(service, 'webhook.failing')
    expect(await deliver(service, [message], 1, undefined, giveUpEvents)).toEqual([null])
    expect(service.outbound).toEqual([])
    expect(await logOf(webhook)).toMatchObject([
      { id: message.id, state: 'given_up', attempts: QUEUE_TRIES, why: 'not answered for' },
    ])
    expect(await alarmCount(service, 'webhook.failing')).toBe(before + 1)
  })
})

describe('a receiver that does not take it', () => {
  it('WH-03, WH-06: is told again for three days, by the same id and a fresh signature, then given up', async () => {
    const webhook = await register()
    const message = waiting(webhook.id)
    const script = [500, 302, 404, 429, 503, 408, 425, 401, 400, 500]
    let waited = 0
    const waits: number[] = []
    for (let attempt = 1, tries = 0; ; attempt++) {
      const before = service.outbound.length
      service.answers = answering(script[tries] ?? 200, { Location: 'https://10.0.0.1/' })
      const [delay = null] = await deliver(service, [message], attempt)
      if (service.outbound.length > before) {
        tries++
        waits.push(waited)
        waited = 0
        const state = delay === null ? 'given_up' : 'waiting'
        const why = script[tries - 1] === 302 ? 'redirected' : `status_${script[tries - 1]}`
        expect(await logOf(webhook)).toMatchObject([{ id: message.id, state, attempts: tries, why }])
        expect(verify(webhook.secret)).toEqual(verify(webhook.secret, { ...sent(), body: sent(0).body }))
        expect(sent().headers).toMatchObject({
          'webhook-id': message.id,
          'webhook-timestamp': `${service.now}`,
        })
      }
      if (delay === null) break
      expect(delay).toBeLessThanOrEqual(DAY_SECONDS / 2)
      waited += delay
      service.now += delay
    }
    expect(waits).toHaveLength(10)
    for (const [index, least] of WEBHOOK_BACKOFF_SECONDS.entries()) {
      const wait = waits[index + 1] ?? 0
      expect([index, wait >= least - 1, wait <= least * 1.1 + 2]).toEqual([index, true, true])
    }
    expect(service.outbound.every(({ uri, init }) => uri === RECEIVER && init.redirect === 'manual')).toBe(
      true,
    )
    const [alarm] = await listAlarms(service, 'webhook.failing')
    expect(alarm).toMatchObject({ severity: 'medium', user_id: message.event.user_id })
    expect(alarm?.detail).toMatch(/w_[\w-]{22}/)
  })

  it('WH-06: is waited for as it asks, within bounds', async () => {
    const { id } = await register()
    const wait = async (value: string) => {
      service.answers = answering(429, { 'Retry-After': value })
      const [delay = null] = await deliver(service, [waiting(id)])
      return delay
    }
    const date = new Date((service.now + 90) * 1_000).toUTCString()
    expect([await wait('60'), await wait(date), await wait('999999')]).toEqual([60, 90, 3_600])
    expect([5, 6]).toContain(await wait('soon'))
  })

  it('WH-06: is disabled when it says 410, is sent nothing from then on, and can be enabled again', async () => {
    const webhook = await register()
    // So that it is known which webhooks there are.
    await signInOnce()
    await fannedOut()
    const alarms = await alarmCount(service, 'webhook.failing')
    service.answers = answering(410)
    expect(await deliver(service, [waiting(webhook.id, 1)])).toEqual([null])
    expect((await list())[0]?.disabled_at).toBe(
      new Date(service.now * 1_000).toISOString().replace('.000', ''),
    )
    expect(await deliver(service, [waiting(webhook.id, 2)])).toEqual([null])
    expect(service.outbound).toHaveLength(1)
    expect(await logOf(webhook)).toMatchObject([
      { state: 'given_up', status: null, why: 'disabled' },
      { state: 'given_up', status: 410, why: 'status_410' },
    ])
    await until(async () => expect(await alarmCount(service, 'webhook.failing')).toBe(alarms + 1))
    expect((await call(`/${webhook.id}/test`, 'POST')).status).toBe(409)
    await signInOnce()
    expect((await call(`/${webhook.id}`, 'PATCH', { disabled: false })).status).toBe(200)
    await signInOnce()
    expect(await fannedOut()).toHaveLength(1)
  })

  it('WH-06: stays disabled whatever is changed of it at that moment, and enabled when a former address says 410', async () => {
    const webhook = await register()
    const beside = createService(
      workerSeenThrough(async ([sql = ''], run) => {
        if (sql.startsWith('UPDATE webhooks')) await disableWebhook(db(), webhook.id, RECEIVER, service.now)
        return run()
      }),
    )
    const path = `/admin/v1/webhooks/${webhook.id}`
    const renamed = await beside.request(path, admin(beside, json({ description: 'ours' }, 'PATCH')))
    expect(await renamed.json()).toMatchObject({ description: 'ours', disabled_at: expect.any(String) })
    expect(await list()).toMatchObject([{ description: 'ours', disabled_at: expect.any(String) }])
    await call(`/${webhook.id}`, 'PATCH', { disabled: false, description: null })

    const url = 'https://moved.test/hooks'
    service.answers = async () => {
      expect((await call(`/${webhook.id}`, 'PATCH', { url })).status).toBe(200)
      return new Response(null, { status: 410 })
    }
    await deliver(service, [waiting(webhook.id)])
    expect(await list()).toMatchObject([{ url, description: null, disabled_at: null }])
  })

  it('WH-03, WH-06: has 15 seconds, headers and body together, and is not read beyond its beginning', async () => {
    const { id } = await register()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    let pulled = 0
    service.answers = async () =>
      new Response(
        new ReadableStream({
          pull: controller => {
            pulled += 16_384
            controller.enqueue(new Uint8Array(16_384).fill(120))
          },
        }),
      )
    expect(await deliver(service, [waiting(id)])).toEqual([null])
    expect(pulled).toBeLessThan(200_000)
    expect(timers.mock.calls.map(([, delay]) => delay)).toContain(WEBHOOK_TIMEOUT_MS)
    expect(JSON.stringify(await logOf({ id }))).not.toContain('xxx')
    // Cut off at its deadline, whether or not it listens to the signal.
    timers.mockImplementation(((work: () => void, delay: number) => {
      if (delay === WEBHOOK_TIMEOUT_MS) queueMicrotask(work)
      return 0
    }) as never)
    service.answers = () => new Promise(() => undefined)
    const [delay] = await deliver(service, [waiting(id, 2)])
    expect([5, 6]).toContain(delay)
    timers.mockRestore()
    expect((await logOf({ id }))[0]).toMatchObject({ state: 'waiting', status: null, why: 'timed_out' })
  })

  it('WH-07: a queue that takes nothing holds up no receiver of the same batch', async () => {
    const { id } = await register()
    await signInOnce()
    const [happened] = await take('happened')
    const timer = setTimeout
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, delay: number) =>
      timer(work, delay === QUEUE_DEADLINE_MS ? 0 : delay)) as never)
    queued.send = () => new Promise(() => undefined)
    const [later, delivered] = await deliver(service, [happened as EventMessage, waiting(id)])
    expect([later, delivered]).toEqual([5, null])
    expect(await logOf({ id })).toMatchObject([{ state: 'delivered' }])
  })

  it('WH-06: an event is waited for until the queue has its messages, however slow: nobody would find it told already', async () => {
    await register()
    await signInOnce()
    const timer = setTimeout
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, delay: number) => {
      if (delay !== DELIVERY_SLOW_MS) return timer(work, delay)
      queueMicrotask(work)
      return 0
    }) as never)
    expect(await deliver(service, await take('happened'))).toEqual([null])
    expect(await take('webhook')).toHaveLength(1)
  })

  it('WH-07: delays neither another receiver nor a sign-in', async () => {
    const hanging = await Promise.all(
      Array.from({ length: 20 }, () => register({ url: 'https://hangs.test/' })),
    )
    const quick = await register()
    const { promise, reject: giveUp } = Promise.withResolvers<Response>()
    service.answers = async uri => (uri.includes('hangs') ? promise : new Response())
    const done: unknown[] = []
    const messages = [...hanging, quick].map(({ id }) => waiting(id))
    const delivering = deliver(service, messages, 1, (message, fate) =>
      done.push([(message as WebhookMessage).webhook_id, fate]),
    )
    await until(() => expect(service.outbound.map(({ uri }) => uri)).toContain(RECEIVER))
    // Nor is a batch held up by those that hang in it: another takes its place.
    await until(() => expect(done).toHaveLength(21))
    expect(done).toEqual(
      expect.arrayContaining([
        [quick.id, null],
        ...hanging.map(({ id }) => [id, DELIVERY_SLOW_RETRY_SECONDS]),
      ]),
    )
    expect(await logOf(hanging[0] as WebhookView)).toEqual([])
    queued.send = () => new Promise(() => undefined)
    const tokens: Tokens = await signInOnce()
    expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(200)
    queued.send = async add => add()
    giveUp(new Error('reset'))
    await delivering
    for (const each of hanging) {
      expect(await logOf(each)).toMatchObject([{ state: 'waiting', attempts: 1, why: 'no_answer' }])
    }
  })

  it('WH-07: once it has hung it is left alone, but for one try a minute that nothing waits for, until it is well', async () => {
    const webhook = await register()
    const other = await register({ url: 'https://other.test/' })
    const held = async () => (await list()).find(({ id }) => id === webhook.id)?.held_until
    const timers = vi.spyOn(globalThis, 'setTimeout')
    timers.mockImplementation(((work: () => void, delay: number) => {
      if (delay === WEBHOOK_TIMEOUT_MS) queueMicrotask(work)
      return 0
    }) as never)
    service.answers = () => new Promise(() => undefined)
    const messages = [1, 2, 3, 4, 5].map(seq => waiting(webhook.id, seq))
    await deliver(service, messages.slice(0, 1))
    expect(await held()).toBe(rfc3339(service.now + WEBHOOK_HELD_SECONDS))

    // From here on no timer fires: whatever is settled has not been waited for.
    timers.mockImplementation((() => 0) as never)
    const { promise, resolve: recover } = Promise.withResolvers<Response>()
    service.answers = async uri => (uri.endsWith('tenant=1') ? promise : new Response())
    service.outbound.length = 0
    const patience = { min: WEBHOOK_HELD_SECONDS - 1, max: 2 * WEBHOOK_HELD_SECONDS }
    const isHeldFor = (delay: unknown) => Number(delay) >= patience.min && Number(delay) <= patience.max
    service.now += 1
    const heldBack = await deliver(service, messages.slice(1, 3))
    expect(heldBack.filter(isHeldFor)).toHaveLength(2)
    await signInOnce()
    const told = await fannedOut(1, 2)
    const delayOf = ({ id }: WebhookView) =>
      queued.delays.get(told.find(({ webhook_id }) => webhook_id === id) as WebhookMessage)
    expect([isHeldFor(delayOf(webhook)), delayOf(other)]).toEqual([true, 0])
    expect(service.outbound).toHaveLength(0)
    expect((await logOf(webhook)).map(({ state, why }) => [state, why])).toEqual([
      ['waiting', 'held_back'],
      ['waiting', 'held_back'],
      ['waiting', 'timed_out'],
    ])

    service.now += WEBHOOK_HELD_SECONDS
    const fates: unknown[] = []
    const delivering = deliver(service, messages.slice(3), 1, (_, fate) => fates.push(fate))
    await until(() => expect(fates).toHaveLength(2))
    expect(fates.filter(isHeldFor)).toHaveLength(1)
    expect(fates).toContain(DELIVERY_SLOW_RETRY_SECONDS)
    expect(service.outbound).toHaveLength(1)
    recover(new Response())
    await delivering
    expect(await held()).toBeNull()
    expect(await deliver(service, messages, 2)).toEqual(Array(5).fill(null))
    expect((await logOf(webhook)).map(({ state }) => state)).toEqual(Array(5).fill('delivered'))
    expect(service.outbound).toHaveLength(5)
  })

  it('WH-07: one that has answered others meanwhile does not hang', async () => {
    const webhook = await register()
    const runOutOfTime = async (seq: number) => {
      const timers = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
        work: () => void,
        delay: number,
      ) => {
        if (delay === WEBHOOK_TIMEOUT_MS) queueMicrotask(work)
        return 0
      }) as never)
      service.answers = () => new Promise(() => undefined)
      await deliver(service, [waiting(webhook.id, seq)])
      timers.mockRestore()
      return (await list())[0]?.held_until ?? null
    }
    service.answers = answering(500)
    await deliver(service, [waiting(webhook.id, 1)])
    expect(await runOutOfTime(2)).toBeNull()
    service.now += 1
    expect(await runOutOfTime(3)).not.toBeNull()
  })

  it('WH-07: another address has not hung', async () => {
    const { id } = await register()
    const hold = db().prepare('UPDATE webhooks SET held_until = 2000000000 WHERE id = ?').bind(id)
    const heldAfter = async (changes: object) => {
      await hold.run()
      return ((await (await call(`/${id}`, 'PATCH', changes)).json()) as WebhookView).held_until
    }
    expect(await heldAfter({ description: 'hangs' })).toBe('2033-05-18T03:33:20Z')
    expect(await heldAfter({ url: 'https://elsewhere.test/' })).toBeNull()
    expect((await list())[0]?.held_until).toBeNull()
  })

  it('WH-06, WH-07: is told once when it takes it late, and once more when it does not', async () => {
    const webhook = await register()
    const messages = [1, 2, 3, 4].map(seq => waiting(webhook.id, seq))
    const again = (seq: number, attempts: number) => deliver(service, messages.slice(seq - 1, seq), attempts)
    const late = async (status: number, attempts: number, seq: number, headers = {}) => {
      const { promise, resolve } = Promise.withResolvers<Response>()
      service.answers = () => promise
      const { promise: settled, resolve: onFate } = Promise.withResolvers<number | null>()
      const delivering = deliver(service, messages.slice(seq - 1, seq), attempts, (_, fate) => onFate(fate))
      const fate = await settled
      resolve(new Response(null, { status, headers }))
      await delivering
      return fate
    }
    const next = DELIVERY_SLOW_RETRY_SECONDS
    expect([await late(200, 1, 1), await late(503, 1, 2), await late(503, 14, 3)]).toEqual([next, next, null])
    expect((await logOf(webhook)).map(({ state, status }) => [state, status])).toEqual([
      ['given_up', 503],
      ['waiting', 503],
      ['delivered', 200],
    ])
    service.answers = answering(200)
    service.outbound.length = 0
    service.now += next
    for (const seq of [1, 2, 3]) expect(await again(seq, 2)).toEqual([null])
    expect(service.outbound.map((_, index) => sent(index).headers['webhook-id'])).toEqual([
      waiting(webhook.id, 2).id,
    ])

    // What it asks for late counts from then on, and is found by the try that waits in the queue.
    expect(await late(429, 1, 4, { 'Retry-After': '999999' })).toBe(next)
    service.outbound.length = 0
    service.now += next
    expect(await again(4, 2)).toEqual([3_600])
    expect(service.outbound).toEqual([])
    service.now += 3_600
    service.answers = answering(200)
    expect(await again(4, 3)).toEqual([null])
    expect(service.outbound).toHaveLength(1)
  })

  it('WH-06: our own storage and queue are tried again as well', async () => {
    await register()
    await signInOnce()
    const [happened] = await take('happened')
    if (happened === undefined) throw new Error('nothing was queued')
    queued.send = () => Promise.reject(new Error('away'))
    expect(await deliver(service, [happened])).toEqual([5])
    const before = await alarmCount(service, 'webhook.failing')
    expect(await deliver(service, [happened], 5)).toEqual([null])
    await until(async () => expect(await alarmCount(service, 'webhook.failing')).toBe(before + 1))
    queued.send = async add => add()
    expect(await deliver(service, [happened], 2)).toEqual([null])
    expect(await take('webhook')).toHaveLength(1)
  })
})

describe('what is kept', () => {
  it('WH-06: a row for each message, written once a try; delivered stays delivered', async () => {
    const webhook = await register()
    const count = async () => (await storedDeliveries()).length
    service.answers = answering(503)
    await deliver(service, [waiting(webhook.id)])
    service.answers = answering(200)
    await deliver(service, [waiting(webhook.id)], 2)
    service.answers = answering(500)
    await deliver(service, [waiting(webhook.id)], 3)
    expect(await count()).toBe(1)
    expect(await logOf(webhook)).toMatchObject([{ state: 'delivered', attempts: 2, status: 200, why: null }])
    service.now += RETENTION.WEBHOOK_DELIVERY_DAYS.usual * DAY_SECONDS
    await keepHouse(service.parts, service.now)
    expect(await count()).toBe(1)
    await keepHouse(service.parts, service.now + RETENTION_PAST_EXPIRY_SECONDS + 1)
    expect(await count()).toBe(0)
  })

  it('WH-06: what cannot be written down changes nothing for the receiver, nor for the others of its batch', async () => {
    const errors = vi.spyOn(console, 'error').mockReturnValue()
    const [one, other] = [await register(), await register({ url: 'https://other.test/' })]
    const forgetful = createService({
      ...queued.bindings,
      ...workerSeenThrough((sql, run) => {
        if (sql.some(each => each.startsWith('INSERT INTO webhook_deliveries'))) throw new Error('away')
        return run()
      }),
    })
    forgetful.now = service.now
    forgetful.answers = async uri => new Response(null, { status: uri === RECEIVER ? 204 : 500 })
    const [delivered, again] = await deliver(forgetful, [waiting(one.id), waiting(other.id)])
    expect([delivered, again === 5 || again === 6]).toEqual([null, true])
    expect(errors).toHaveBeenCalledWith(expect.stringContaining('"event":"webhook.not_recorded"'))
  })

  it('WH-07: the messages of a batch share their calls of the database that sign-ins need', async () => {
    const calls: (readonly string[])[] = []
    const watched = createService({
      ...queued.bindings,
      ...workerSeenThrough((sql, run) => {
        if (/webhook_deliveries/.test(sql[0] ?? '')) calls.push(sql)
        return run()
      }),
    })
    watched.answers = answering(204)
    const webhooks = [await register(), await register()]
    const messages = webhooks.flatMap(({ id }) => [1, 2, 3].map(seq => waiting(id, seq)))
    expect(await deliver(watched, messages)).toEqual(messages.map(() => null))
    expect(calls[0]).toHaveLength(messages.length)
    expect(calls.flat()).toHaveLength(2 * messages.length)
    // One reads for all, and one writes down what has become of them.
    expect(calls).toHaveLength(2)
    expect(await storedDeliveries()).toHaveLength(messages.length)
  })

  it('WH-07: a sign-in makes the same calls of the database for five webhooks that want to know as for none', async () => {
    const calls: string[] = []
    const watch: Intercept = (sql, run) => {
      // Looked up beside the answer, and once in ten seconds; written once a minute.
      if (!/FROM (?:clients|webhooks)|record_counts/.test(sql[0] ?? '')) calls.push(sql.join(';'))
      return run()
    }
    const watched = createService({
      ...queued.bindings,
      ...workerSeenThrough(watch),
      USER_SESSIONS: namespaceOf(async (user, verb, args) => {
        await changeEnv(user, () => ({ ...workerSeenThrough(watch), EVENTS: queued.bindings.EVENTS }))
        return verb(...args)
      }),
    })
    const { client_id } = await createClient(watched)
    const callsOfSignIn = async () => {
      const attempt = await requestLink(watched, client_id, freshAddress())
      calls.length = 0
      expect((await redeem(watched, attempt)).status).toBe(200)
      return [...calls]
    }
    await callsOfSignIn()
    const alone = await callsOfSignIn()
    for (let times = 0; times < 5; times++) await register()
    webhookCache.forget()
    expect(await callsOfSignIn()).toEqual(alone)
    expect(alone).toHaveLength(2)
    await take('happened')
  })

  it('WH-06: what was meant for a webhook that is deleted meanwhile takes nobody else’s entry with it', async () => {
    const [kept, lost] = [await register(), await register()]
    let deleted: Promise<unknown> | null = null
    service.answers = async () => {
      deleted ??= db().prepare('DELETE FROM webhooks WHERE id = ?').bind(lost.id).run()
      await deleted
      return new Response()
    }
    await deliver(
      service,
      [kept, lost].map(({ id }) => waiting(id)),
    )
    expect(await storedDeliveries()).toMatchObject([{ webhook_id: kept.id, state: 'delivered' }])
  })

  it('WH-08: with the webhook its log goes, and what still waits is not sent', async () => {
    const webhook = await register()
    service.answers = answering(500)
    await deliver(service, [waiting(webhook.id)])
    expect((await call(`/${webhook.id}`, 'DELETE')).status).toBe(204)
    expect(await deliver(service, [waiting(webhook.id)], 2)).toEqual([null])
    expect(service.outbound).toHaveLength(1)
    expect(await storedDeliveries()).toEqual([])
  })

  it('WH-04: a test is sent on the same way, at once; without the queue it is 503', async () => {
    const webhook = await register({ events: ['user.deleted'] })
    const answer = await call(`/${webhook.id}/test`, 'POST')
    expect(answer.status).toBe(202)
    const { id } = (await answer.json()) as { id: string }
    expect(await deliver(service, await take('webhook'))).toEqual([null])
    expect(verify(webhook.secret)).toMatchObject({
      type: 'webhook.test',
      data: { event: 'https://schemas.openid.net/secevent/ssf/event-type/verification' },
    })
    expect(sent().headers['webhook-id']).toBe(id)
    expect(await logOf(webhook)).toMatchObject([{ id, type: 'webhook.test', state: 'delivered' }])
    queued.send = () => Promise.reject(new Error('away'))
    expect((await call(`/${webhook.id}/test`, 'POST')).status).toBe(503)
    queued.send = async add => add()
  })
})
