// Every secret of the deployment is replaced in three steps, under traffic, with isolates of former and later settings side
// by side on one database: whatever began at one of them goes on at the other, either way, and nobody notices.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  CLIENT_SECRET_OVERLAP_SECONDS,
  DAY_SECONDS,
  FORMER_SECRET_SECONDS,
  SETTINGS_SPREAD_SECONDS,
} from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { linkEvents } from '../../src/tokens/event-chain.ts'
import { createSecrets } from '../../src/tokens/secrets.ts'
import {
  type App,
  answerOf,
  authorizationRequest,
  createApp,
  decide,
  exchange,
  follow,
} from './support/authorize.ts'
import { askForMail, browser, signInBrowser } from './support/browser.ts'
import { confidentialClient } from './support/confidential.ts'
import { createDeviceApp, questionOf, typeCode } from './support/device.ts'
import { askForChange, typeCode as typeEmailCode } from './support/email-change.ts'
import { deliver } from './support/events.ts'
import { FIREFOX, noticesTo } from './support/notices.ts'
import { admin, bearer, freshAddress, json, type Service } from './support/service.ts'
import {
  freshSecret,
  isolate,
  presentSecrets,
  SECRET_NAMES,
  type Settings,
  type Traffic,
  trafficOf,
} from './support/settings.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { storedUsers } from './support/stored.ts'

const MANY = { session_rule: { limit: null, at_limit: 'replace_oldest' } }
const { DB, DB_1, DB_2 } = (await import('cloudflare:workers')).env as unknown as Record<string, D1Database>

interface Standing {
  readonly name: (typeof SECRET_NAMES)[number]
  readonly id: string
  readonly used_since: string
  readonly other: {
    readonly id: string
    readonly role: string
    readonly rows: number
    readonly next_step_at: string
  } | null
}
async function standingsOf(service: Service): Promise<readonly Standing[]> {
  const answer = await ok(await service.request('/admin/v1/secrets', admin(service)))
  return ((await answer.json()) as { secrets: Standing[] }).secrets
}

const timeOf = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000', '')

async function isIntact(service: Service, userId: string): Promise<unknown> {
  const answer = await service.request(`/admin/v1/users/${userId}/log-check`, admin(service))
  return ((await answer.json()) as { intact: boolean }).intact
}

const ok = async (response: Response, status = 200): Promise<Response> => {
  expect(response.status, await response.clone().text()).toBe(status)
  return response
}
const tokensOf = async (response: Response): Promise<Tokens> => (await ok(response)).json()

beforeEach(async () => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue()
  for (const db of [DB, DB_1, DB_2]) {
    await db?.batch(
      ['deployment_secrets', 'signing_keys', 'webhooks'].map(table => db.prepare(`DELETE FROM ${table}`)),
    )
  }
})

/** What is under way while isolates change: each begins at one, and goes on at the other. */
async function crossOver(traffic: Traffic, from: Service, to: Service, clients: Clients): Promise<void> {
  const at = (which: Service) => {
    traffic.at = which
    return traffic
  }
  // An app's sign-in, and its refreshes, a lost answer among them.
  const attempt = await requestLink(at(from), clients.own, freshAddress())
  const tokens = await tokensOf(await redeem(at(to), attempt))
  const second = await tokensOf(await refresh(at(from), tokens))
  expect((await tokensOf(await refresh(at(to), tokens))).refresh_token).toBe(second.refresh_token)
  await ok(await at(to).request('/ping/whoami', bearer(second.access_token)))
  await tokensOf(await refresh(at(to), second))
  for (const each of [from, to]) expect(await isIntact(at(each), tokens.user_id)).toBe(true)

  // A browser: the form of one, the code of the other, a wrong code between them.
  const email = freshAddress()
  const person = browser(at(from))
  const firefox = { 'User-Agent': FIREFOX }
  await person.get('/sign-in', firefox)
  at(to)
  const { code } = await askForMail(traffic, person, email)
  at(from)
  await person.post('/sign-in/code', { code: 'BBBB-BBBB' }, firefox)
  expect((await person.post('/sign-in/code', { code }, firefox)).headers.get('Location')).toBe('/account')
  await ok(await person.get('/account', firefox))
  at(to)
  await ok(await person.get('/account', firefox))

  // An authorization: asked about at one, decided at the other, and the form is sent again.
  const app: App = { ...clients.app, service: traffic }
  const { path, codeVerifier } = await authorizationRequest(app, {})
  at(from)
  const page = await follow(person, await person.get(path, firefox))
  at(to)
  const decided = await decide(person, page, 'allow')
  at(from)
  const again = await decide(person, page, 'allow')
  const answered = answerOf(decided).code ?? ''
  expect(answerOf(again).code).toBe(answered)
  await tokensOf(await exchange({ ...app, service: at(from) }, { code: answered, codeVerifier }))
  at(to)
  expect((await decide(person, page, 'allow')).status).toBe(400)

  // A device: its code is typed, decided and polled for at different ones.
  const device = await createDeviceApp(traffic, {})
  at(from)
  const codes = await device.start()
  at(to)
  const request = await questionOf(await typeCode(person, codes.user_code, firefox))
  at(from)
  await ok(await person.post('/device', { request, decision: 'allow' }, firefox))
  at(to)
  await ok(await device.poll(codes))

  // The same browser again is no new device: nobody is told of it.
  at(to)
  const told = noticesTo(traffic, email).length
  const { token } = await askForMail(traffic, person, email)
  expect((await person.post('/sign-in/link', { token }, firefox)).status).toBe(303)
  expect(noticesTo(traffic, email)).toHaveLength(told)

  // Another address.
  at(from)
  const changed = freshAddress()
  const emailCode = await askForChange(traffic, person, changed)
  at(to)
  expect((await typeEmailCode(person, emailCode)).headers.get('Location')).toBe(
    '/account?notice=email_changed',
  )

  // A notice, opened at the other; and why a session has ended, told to its browser.
  at(from)
  await signIn(traffic, clients.own, changed, { device_name: `phone ${crypto.randomUUID()}` })
  const notice = traffic.mails.findLast(
    ({ to: whom, subject }) => whom === changed && subject.startsWith('New sign-in'),
  )
  const link = /\/account\/not-me\?token=\S+/.exec(notice?.text ?? '')?.[0] ?? 'no link'
  at(to)
  expect(await (await ok(await browser(traffic).get(link))).text()).toContain('csrf_token')
  const [userId = ''] = await storedUsers(traffic, changed)
  await ok(
    await traffic.request(`/admin/v1/users/${userId}/revoke-sessions`, admin(traffic, { method: 'POST' })),
  )
  expect(await (await ok(await person.get('/sign-in', firefox))).text()).toContain('notice ended')
  for (const each of [from, to]) expect(await isIntact(at(each), userId)).toBe(true)

  // Operators have either token in hand.
  for (const [token, where] of [
    [from.env.ADMIN_TOKEN, to],
    [to.env.ADMIN_TOKEN, from],
  ] as const) {
    await ok(await where.request('/admin/v1/clients', bearer(String(token))))
  }
}

interface Clients {
  readonly own: string
  readonly app: App
}

/** Before, the next one accepted, the next one used, the former one gone. */
function stepsOf(names: readonly string[]): readonly Settings[] {
  const present = presentSecrets()
  const next = Object.fromEntries(names.map(name => [name, freshSecret()]))
  const others = (values: Settings) =>
    Object.fromEntries(names.map(name => [`${name}_OTHER`, values[name] ?? '']))
  return [
    present,
    { ...present, ...others(next) },
    { ...present, ...next, ...others(present) },
    { ...present, ...next },
  ]
}

describe('the secrets of the deployment', () => {
  it('KY-06: SEALING_SECRET, DIGEST_SECRET and ADMIN_TOKEN are replaced during traffic, with former and later settings side by side, and no legitimate call fails', async () => {
    const steps = stepsOf(SECRET_NAMES)
    const [before, accepted, used, gone] = steps.map(isolate) as [Service, Service, Service, Service]
    // Begun last, with nothing in their caches.
    const [usedNew, goneNew] = steps.slice(2).map(isolate) as [Service, Service]
    const traffic = trafficOf([before, accepted, used, gone, usedNew, goneNew])
    traffic.now = before.now
    const cron = (service: Service) => keepHouse(service.parts, traffic.now)
    await cron(before)
    const { client_id: own } = await createClient(traffic, MANY)
    const clients = { own, app: await createApp(traffic, { ...MANY, kind: 'third_party' }) }
    const hook = await registerWebhook(before)
    const first = await standingsOf(before)
    const email = freshAddress()
    let tokens = await signIn(traffic, own, email)
    const person = await signInBrowser(traffic, email)
    const stay = async (...isolates: readonly Service[]) => {
      for (const each of isolates) {
        traffic.at = each
        tokens = await tokensOf(await refresh(traffic, tokens))
        for (const path of ['/account', '/v1/sessions']) await ok(await person.get(path))
        expect(await isIntact(each, tokens.user_id)).toBe(true)
        await verifyWebhook(each, hook)
      }
    }

    // 1: accepted, by some isolates and then by all.
    await crossOver(traffic, before, accepted, clients)
    await crossOver(traffic, accepted, before, clients)
    await stay(before, accepted)
    const next = await standingsOf(accepted)
    for (const [at, { id, other }] of next.entries()) {
      expect([id, other?.role, other?.rows]).toEqual([first[at]?.id, 'next', 0])
      expect(other?.next_step_at).toBe(timeOf(traffic.now + SETTINGS_SPREAD_SECONDS))
    }

    // 2: used, by some and then by all. Cron runs where it happens to.
    traffic.now += SETTINGS_SPREAD_SECONDS
    for (const each of [used, accepted, used]) {
      traffic.now += 60
      await cron(each)
    }
    const since = traffic.now
    await crossOver(traffic, accepted, used, clients)
    await crossOver(traffic, used, accepted, clients)
    await stay(accepted, used, usedNew)
    const former = await standingsOf(used)
    for (const [at, { name, id, other }] of former.entries()) {
      expect([id, other?.id]).toEqual([next[at]?.other?.id, first[at]?.id])
      expect([other?.role, other?.rows]).toEqual(['former', 0])
      const due = since + SETTINGS_SPREAD_SECONDS + FORMER_SECRET_SECONDS[name]
      expect(other?.next_step_at).toBe(timeOf(due))
    }

    // Whoever comes back within a week of that comes in time.
    const late = await signIn(traffic, own, freshAddress())
    traffic.now += 3 * DAY_SECONDS
    await stay(used)
    traffic.now += 4 * DAY_SECONDS - 60
    await stay(used)
    await tokensOf(await refresh(traffic, late))
    traffic.now = since + SETTINGS_SPREAD_SECONDS + FORMER_SECRET_SECONDS.SEALING_SECRET

    // 3: the former ones are gone, here and then everywhere.
    await crossOver(traffic, used, gone, clients)
    await crossOver(traffic, gone, used, clients)
    await stay(used, gone, goneNew)
    await cron(gone)
    const last = await standingsOf(gone)
    expect(last.map(({ id, other }) => [id, other])).toEqual(former.map(({ id }) => [id, null]))
    const refused = await gone.request('/admin/v1/clients', bearer(String(steps[0]?.ADMIN_TOKEN)))
    expect(refused.status).toBe(401)
  })

  it('KY-06, WH-05: all secrets that a webhook still signs with outlive the replacement of SEALING_SECRET', async () => {
    const [before, , used, gone] = stepsOf(['SEALING_SECRET']).map(isolate) as [
      Service,
      Service,
      Service,
      Service,
    ]
    const { id } = await registerWebhook(before)
    for (const service of [before, before]) {
      await ok(
        await service.request(`/admin/v1/webhooks/${id}/rotate-secret`, admin(service, { method: 'POST' })),
      )
    }
    await standingsOf(used)
    gone.answers = async () => new Response(null, { status: 204 })
    const message = { type: 'webhook', webhook_id: id, id: `${id}-now`, event: TEST_EVENT }
    await deliver(gone, [message as never])
    const sent = gone.outbound.at(-1)?.init.headers as Record<string, string>
    expect(sent['webhook-signature']?.split(' ')).toHaveLength(3)
  })

  it('KY-06: a former DIGEST_SECRET, stolen, chains no entry that is younger than it', async () => {
    const steps = stepsOf(['DIGEST_SECRET'])
    const [before, accepted, used, gone] = steps.map(isolate) as [Service, Service, Service, Service]
    const traffic = trafficOf([before, accepted, used, gone])
    traffic.now = before.now
    const { client_id } = await createClient(traffic, MANY)
    const { user_id } = await signIn(traffic, client_id, freshAddress())
    for (const each of [before, accepted, used]) await keepHouse(each.parts, traffic.now++)
    expect(await isIntact(gone, user_id)).toBe(true)
    const db = before.parts.shards.of(user_id)
    const last = await db
      .prepare('SELECT * FROM user_events WHERE user_id = ? ORDER BY seq DESC LIMIT 1')
      .bind(user_id)
      .first<{ digest: string; seq: number }>()
    const stolen = createSecrets(['x'], [String(steps[0]?.DIGEST_SECRET)])
    const forge = async (at: number) => {
      const plain = {
        session_id: null,
        client_id: null,
        reason: null,
        device: null,
        place: null,
        marks: null,
      }
      const entry = {
        ...plain,
        seq: (last?.seq ?? 0) + 1,
        type: 'user.disabled',
        at,
        actor: '{}',
        op_id: null,
        first_seq: null,
      }
      const [link] = await linkEvents(stolen, user_id, last?.digest ?? null, [entry as never])
      await db.prepare('DELETE FROM user_events WHERE user_id = ? AND seq = ?').bind(user_id, entry.seq).run()
      await db
        .prepare('INSERT INTO user_events (user_id, seq, type, at, actor, digest) VALUES (?, ?, ?, ?, ?, ?)')
        .bind(user_id, entry.seq, entry.type, at, entry.actor, link?.digest ?? null)
        .run()
    }
    for (const each of [used, gone]) {
      await forge(traffic.now)
      expect(await isIntact(each, user_id)).toBe(true)
      await forge(traffic.now + SETTINGS_SPREAD_SECONDS)
      expect(await isIntact(each, user_id)).toBe(false)
    }
  })
})

describe('a secret of a client', () => {
  it('KY-06: is rotated during traffic: the former one opens for a day, the new one at once, at every isolate', async () => {
    const [here, there] = [isolate({}), isolate({})]
    const traffic = trafficOf([here, there])
    traffic.now = here.now
    const { client_id, client_secret: first } = await confidentialClient(traffic, {
      grant_types: ['client_credentials'],
    })
    const opens = async (service: Service, secret: string) => {
      traffic.at = service
      const answer = await confidentialClientOf(traffic, client_id, secret)
      return answer.status === 200
    }
    const rotate = async (body?: object): Promise<string> => {
      const init = body === undefined ? { method: 'POST' } : json(body)
      const answer = await here.request(`/admin/v1/clients/${client_id}/rotate-secret`, admin(here, init))
      return ((await (await ok(answer)).json()) as { client_secret: string }).client_secret
    }
    // Both know the client already.
    for (const each of [here, there]) expect(await opens(each, first)).toBe(true)
    const second = await rotate()
    for (const each of [there, here]) {
      expect([await opens(each, second), await opens(each, first)]).toEqual([true, true])
    }
    const shown = await here.request(`/admin/v1/clients/${client_id}`, admin(here))
    const until = new Date((traffic.now + CLIENT_SECRET_OVERLAP_SECONDS) * 1_000).toISOString()
    expect(await shown.json()).toMatchObject({ former_secret_until: until.replace('.000', '') })

    traffic.now += CLIENT_SECRET_OVERLAP_SECONDS - 1
    expect([await opens(there, second), await opens(there, first)]).toEqual([true, true])
    traffic.now += 1
    expect([await opens(there, second), await opens(there, first)]).toEqual([true, false])

    // Rotated twice, the one before the last is gone; at once, the last one too.
    const third = await rotate()
    const fourth = await rotate()
    expect([await opens(here, second), await opens(here, third), await opens(here, fourth)]).toEqual([
      false,
      true,
      true,
    ])
    const fifth = await rotate({ at_once: true })
    expect([await opens(here, fourth), await opens(here, fifth)]).toEqual([false, true])
    const misspelt = json({ atonce: true })
    const refused = await here.request(`/admin/v1/clients/${client_id}/rotate-secret`, admin(here, misspelt))
    expect([refused.status, await opens(here, fifth)]).toEqual([400, true])
  })
})

const confidentialClientOf = (traffic: Service, client_id: string, client_secret: string) =>
  traffic.request('/oauth2/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }).toString(),
  })

interface Hook {
  readonly id: string
  readonly secret: string
}

async function registerWebhook(service: Service): Promise<Hook> {
  const body = { url: 'https://receiver.test/hooks', events: ['user.disabled'] }
  return (await ok(await service.request('/admin/v1/webhooks', admin(service, json(body))), 201)).json()
}

const TEST_EVENT = {
  type: 'webhook.test',
  at: 1,
  user_id: null,
  session_id: null,
  client_id: null,
  reason: null,
  seq: null,
}

/** A message that this isolate delivers is signed with the secret that the receiver has. */
async function verifyWebhook(service: Service, { id, secret }: Hook): Promise<void> {
  service.answers = async () => new Response(null, { status: 204 })
  const event = { ...TEST_EVENT, at: service.now }
  const message = { type: 'webhook', webhook_id: id, id: `${id}-${crypto.randomUUID()}`, event }
  await deliver(service, [message as never])
  const { headers, body } = service.outbound.at(-1)?.init ?? {}
  const sent = headers as Record<string, string>
  const bytes = Uint8Array.from(atob(secret.slice('whsec_'.length)), each => each.charCodeAt(0))
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ])
  const signature = Uint8Array.from(atob(sent['webhook-signature']?.slice(3) ?? ''), each =>
    each.charCodeAt(0),
  )
  const text = new TextEncoder().encode(`${sent['webhook-id']}.${sent['webhook-timestamp']}.${body}`)
  expect(await crypto.subtle.verify('HMAC', key, signature, text)).toBe(true)
}
