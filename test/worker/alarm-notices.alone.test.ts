// Who is told of an alarm: operators by mail and by webhook, once when it opens and once an hour while it grows, whichever
// isolate counts it; and what becomes of a notice whose way is broken.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ALARM_NOTICE_SECONDS, ALARM_RETRY_SECONDS, DAY_SECONDS } from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import type { Alarm } from '../../src/notify/alarms.ts'
import { overdueKey } from '../../src/notify/overdue-key.ts'
import { listAlarms, noonAhead } from './support/alarms.ts'
import { ACCEPT_JSON, askForMail, type Browser, browser } from './support/browser.ts'
import { addToken, type Jar, leaksIn } from './support/canaries.ts'
import { deliver, type Queued, recordQueue } from './support/events.ts'
import { claimsOf, type LeakedKey, leakKey, withBadSignature } from './support/leaked-key.ts'
import { admin, bearer, createService, freshAddress, freshIp, json, type Service } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'
import { until } from './support/until.ts'
import { type Watch, watchDatabases } from './support/watched-databases.ts'

const OPERATORS = 'operators@auth.test'

let watch: Watch
let queued: Queued
let service: Service
let key: LeakedKey
let mine: Tokens
let logged: string[]

const isolate = () => {
  const made = createService({ ...watch.bindings, ...queued.bindings, ALARM_MAIL_TO: OPERATORS })
  made.now = service?.now ?? noonAhead(made.now)
  return made
}

beforeEach(async () => {
  logged = []
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation(line => void logged.push(String(line)))
  }
  watch = watchDatabases()
  queued = recordQueue()
  service = isolate()
  mine = await signIn(service, (await createClient(service)).client_id, freshAddress())
  key = await leakKey(service)
  for (const { id } of await listAlarms(service)) await acknowledge(id)
  for (const { id } of await webhooks()) {
    await service.request(`/admin/v1/webhooks/${id}`, admin(service, { method: 'DELETE' }))
  }
})
afterEach(() => vi.restoreAllMocks())

const acknowledge = (id: string) =>
  service.request(`/admin/v1/alarms/${id}/acknowledge`, admin(service, { method: 'POST' }))
const openAlarms = async () => (await listAlarms(service)).filter(alarm => alarm.acknowledged_at === null)
const mailed = (by = service) => by.mails.filter(({ to }) => to === OPERATORS)
const raised = (kind: string) => said('alarm.raised').filter(line => line.includes(`"reason":"${kind}"`))
const said = (event: string) => logged.filter(line => line.includes(`"event":"${event}"`))

const webhooks = async () => {
  const answer = await service.request('/admin/v1/webhooks', admin(service))
  return ((await answer.json()) as { webhooks: { id: string }[] }).webhooks
}
const subscribe = async (...events: string[]) => {
  const hook = json({ url: 'https://receiver.test/in', events })
  const answer = await service.request('/admin/v1/webhooks', admin(service, hook))
  expect(answer.status).toBe(201)
}
const announced = () => queued.alarms.flatMap(each => (each.type === 'webhook' && each.event.alarm) || [])

/** Raises it, and waits for what is done beside the answer. */
async function raise(alarm: Alarm, at = service) {
  const work: Promise<unknown>[] = []
  at.parts.alarms.raise(alarm, at.now, each => work.push(each))
  await Promise.all(work)
}

let forged = 0
async function forge(at = service): Promise<string> {
  const token = await key.resign(mine.access_token, { number: ++forged, exp: service.now + 600 })
  const answer = await at.request('/ping/whoami', bearer(token))
  expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'invalid_token' }])
  return token
}

describe('the log', () => {
  it('LG-06, EB-12: says whom each alarm concerns, but of forgeries only that they go on', async () => {
    const users = Array.from({ length: 3 }, (_, index) => `u_aa${String(index).repeat(22)}`)
    const work: Promise<unknown>[] = []
    for (const userId of users) {
      const reused = { kind: 'refresh.reused', kid: null, clientId: 'ios', userId, detail: 'reused' } as const
      service.parts.alarms.raise(reused, service.now, each => work.push(each))
    }
    await Promise.all(work)
    expect(raised('refresh.reused').map(line => JSON.parse(line).user_id)).toEqual(users)
    expect(await openAlarms()).toMatchObject([{ kind: 'refresh.reused', count: 3, user_id: users[0] }])
    await Promise.all([forge(), forge(), forge()])
    expect(raised('token.forged')).toHaveLength(1)
  })

  it('LG-06: an alarm that is acknowledged twice was acknowledged the first time', async () => {
    await forge()
    const [{ id } = { id: '' }] = await openAlarms()
    const acknowledgedAt = async () => {
      expect((await acknowledge(id)).status).toBe(204)
      return (await listAlarms(service)).find(alarm => alarm.id === id)?.acknowledged_at
    }
    const first = await acknowledgedAt()
    expect(first).toEqual(expect.any(String))
    service.now += 60
    expect(await acknowledgedAt()).toBe(first)
  })
})

describe('being told', () => {
  it('EB-06: by whichever isolate is first, by no other, and again after an hour if there were more', async () => {
    const others = [isolate(), isolate()] as const
    await Promise.all([forge(), ...others.map(forge)])
    const mails = () => [service, ...others].flatMap(mailed)
    expect(await openAlarms()).toMatchObject([{ kind: 'token.forged', kid: key.kid, count: 3 }])
    expect(mails()).toHaveLength(1)
    service.now += ALARM_NOTICE_SECONDS - 1
    await keepHouse(service.parts, service.now)
    expect(mails()).toHaveLength(1)
    // Nothing comes any more: cron tells of what came while nobody was to be told.
    service.now += 1
    await keepHouse(service.parts, service.now)
    expect(mails().map(({ text }) => /^Count: (\d+)$/m.exec(text)?.[1])).toEqual(['1', '3'])
    service.now += 2 * ALARM_NOTICE_SECONDS
    await keepHouse(service.parts, service.now)
    expect(mails()).toHaveLength(2)
    expect((await acknowledge((await openAlarms())[0]?.id ?? '')).status).toBe(204)
    await forge()
    expect(mails()).toHaveLength(3)
  })

  it('EB-12: by webhook, past all that waits to be told of users', async () => {
    await subscribe('alarm.raised')
    queued.send = (take, queue) =>
      queue === 'ALARMS' ? Promise.resolve(take()) : new Promise(() => undefined)
    await forge()
    service.answers = async () => new Response(null, { status: 204 })
    expect(await deliver(service, queued.alarms.splice(0))).toEqual([null])
    expect(service.outbound).toHaveLength(1)
  })

  it('EB-12, WH-08: thinly by webhook, and nowhere with a credential or what a forger has put in', async () => {
    await subscribe('alarm.raised')
    const jar: Jar = new Map([['what a forger says', 'canary-of-a-forger']])
    addToken(jar, 'own', mine.access_token)
    const lie = await key.resign(mine.access_token, { sub: 'canary-of-a-forger', eb: 'canary-of-a-forger' })
    expect((await service.request('/ping/whoami', bearer(lie))).status).toBe(401)
    addToken(jar, 'forged', lie)
    addToken(jar, 'forged later', await forge())

    const [alarm] = await openAlarms()
    const { id, kind, severity, first_at, kid } = alarm ?? {}
    const facts = { id, kind, severity, count: 1, first_at, last_at: first_at, kid }
    expect(announced()).toEqual([facts])
    service.answers = async () => new Response(null, { status: 204 })
    await deliver(service, queued.alarms.splice(0))
    const [sent, ...more] = service.outbound
    expect(more).toEqual([])
    const event = 'urn:latchkey:event-type:alarm-raised'
    expect(JSON.parse(String(sent?.init.body))).toMatchObject({
      type: 'alarm.raised',
      data: { ...facts, event },
    })
    expect(new Headers(sent?.init.headers).get('webhook-id')).toMatch(new RegExp(`^w_[\\w-]+-${id}-1$`))

    const [mail] = mailed()
    for (const fact of [id, kind, severity, kid]) expect(mail?.text).toContain(fact)
    const outputs = [JSON.stringify(mail), String(sent?.init.body), logged.join('\n'), JSON.stringify(alarm)]
    for (const output of outputs) expect(leaksIn(output, jar)).toEqual([])
    expect(claimsOf(lie).sub).toBe('canary-of-a-forger')
  })

  it('EB-06: webhooks that want something else, or nothing more, are told nothing', async () => {
    await subscribe('session.ended')
    await forge()
    expect(announced()).toEqual([])
  })
})

describe('when a way to tell is broken', () => {
  it('EB-12, LG-06: a mail server that is down delays and changes nothing; the mail waits, and its failing is not mailed', async () => {
    service.mailFails = true
    await forge()
    expect((await openAlarms()).map(({ kind }) => kind).sort()).toEqual(['mail.failing', 'token.forged'])
    service.mailFails = false
    service.now += 60
    await keepHouse(service.parts, service.now)
    await keepHouse(service.parts, service.now)
    expect(mailed().map(({ subject }) => subject)).toEqual(['Alarm (critical): token.forged'])
  })

  it('EB-12, LG-06: a queue that is away is noticed, and the webhooks are told once it is back', async () => {
    await subscribe('*')
    queued.send = () => Promise.reject(new Error('away'))
    await forge()
    expect(said('alarm.not_delivered')).toHaveLength(1)
    expect((await service.request('/ping/whoami', bearer(mine.access_token))).status).toBe(200)
    // What a queue has taken and not said so is told again: alike, so that its receiver knows it.
    queued.send = async take => {
      take()
      throw new Error('the answer was lost')
    }
    service.now += ALARM_RETRY_SECONDS - 1
    await service.request('/health')
    expect(announced()).toEqual([])
    service.now += 1
    await service.request('/health')
    queued.send = async take => take()
    // By cron, where nobody asks for anything.
    service.now += ALARM_RETRY_SECONDS
    await keepHouse(service.parts, service.now)
    expect(queued.alarms).toHaveLength(2)
    service.now += ALARM_RETRY_SECONDS
    await service.request('/health')
    expect(queued.alarms).toHaveLength(2)
    expect(queued.alarms[1]).toEqual(queued.alarms[0])
    expect(mailed()).toHaveLength(1)
  })

  it('LG-06: what an isolate could not tell, and what it took with it, is told by another', async () => {
    let isAway = true
    watch.refuses = sql => isAway && sql.startsWith('INSERT INTO alarm_notices')
    await forge()
    expect(said('alarm.not_delivered')).toHaveLength(1)
    expect(mailed()).toEqual([])
    isAway = false
    const another = isolate()
    // However long cron was away.
    await keepHouse(another.parts, service.now + 7 * DAY_SECONDS)
    expect(mailed(another)).toHaveLength(1)
    service.now += ALARM_RETRY_SECONDS
    await service.request('/health')
    expect(mailed()).toEqual([])
    // That others tell is found out once.
    const claims = () => watch.statements.filter(sql => sql.startsWith('INSERT INTO alarm_notices')).length
    const before = claims()
    service.now += ALARM_RETRY_SECONDS
    await service.request('/health')
    expect(claims()).toBe(before)
  })

  it('LG-06: that a webhook is not told is told by mail, and by no webhook', async () => {
    await subscribe('*')
    const failing = { kind: 'webhook.failing', kid: null, clientId: null, userId: null, detail: '' } as const
    await raise(failing)
    expect(mailed().map(({ subject }) => subject)).toEqual(['Alarm (medium): webhook.failing'])
    expect(announced()).toEqual([])
  })

  it('LG-06: the first attempt at its mail is waited for, so that nothing of it is cut off', async () => {
    service.mailFails = true
    await raise({ kind: 'webhook.failing', kid: null, clientId: null, userId: null, detail: '' })
    expect(watch.statements.filter(sql => sql.startsWith('UPDATE outbox'))).toHaveLength(1)
    service.mailFails = false
    service.now += 60
    await keepHouse(service.parts, service.now)
    expect(mailed()).toHaveLength(1)
  })

  it('LG-06: a count that the platform has cut off keeps no later one from being made', async () => {
    const alarm = { kind: 'token.forged', kid: 'k_y', clientId: null, userId: null, detail: '' } as const
    await raise(alarm)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    // Waits for its turn, and is never woken.
    service.parts.alarms.raise(alarm, service.now, () => undefined)
    vi.setSystemTime(Date.now() + 30_000)
    service.now += 30
    await raise(alarm)
    vi.useRealTimers()
    expect(await openAlarms()).toMatchObject([{ kid: 'k_y', count: 3 }])
  })

  it('LG-06: what could not be counted for longer than anybody waits is counted by a request that comes later', async () => {
    let isAway = true
    watch.refuses = sql => isAway && sql.startsWith('INSERT INTO alarms')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const work: Promise<unknown>[] = []
    const alarm = { kind: 'token.forged', kid: 'k_x', clientId: null, userId: null, detail: '' } as const
    for (let time = 0; time < 3; time++)
      service.parts.alarms.raise(alarm, service.now, each => work.push(each))
    await vi.advanceTimersByTimeAsync(30_000)
    await Promise.all(work)
    vi.useRealTimers()
    expect(said('alarm.not_stored').length).toBeGreaterThan(1)
    isAway = false
    await service.request('/health')
    expect(await openAlarms()).toMatchObject([{ kid: 'k_x', count: 3 }])
    expect(mailed()).toHaveLength(1)
  })

  it('LG-06: a claim whose answer was lost is found to be one’s own: one mail, and the webhooks are told', async () => {
    let isLost = true
    const bindings = { ...watch.bindings }
    const { DB } = bindings
    if (DB === undefined) throw new Error('no database')
    bindings.DB = {
      prepare: (sql: string) => DB.prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => {
        const before = watch.statements.length
        const results = await DB.batch(statements)
        const isClaim = watch.statements
          .slice(before)
          .some(sql => sql.startsWith('INSERT INTO alarm_notices'))
        if (isLost && isClaim) throw new Error('the answer was lost')
        return results
      },
    } as unknown as D1Database
    const unlucky = createService({ ...bindings, ...queued.bindings, ALARM_MAIL_TO: OPERATORS })
    unlucky.now = service.now
    await subscribe('alarm.raised')
    await forge(unlucky)
    expect(mailed(unlucky)).toEqual([])
    isLost = false
    unlucky.now += ALARM_RETRY_SECONDS
    await unlucky.request('/health')
    unlucky.now += 60
    await keepHouse(unlucky.parts, unlucky.now)
    expect(mailed(unlucky)).toHaveLength(1)
    expect(announced()).toHaveLength(1)
  })
})

describe('ON_FORGERY=rotate', () => {
  const keys = async () => {
    const answer = await service.request('/admin/v1/keys', admin(service))
    const { keys: found } = (await answer.json()) as { keys: { kid: string; state: string }[] }
    return found
  }
  const stateOf = async (kid: string) => (await keys()).find(each => each.kid === kid)?.state
  const active = async () => (await keys()).find(({ state }) => state === 'active')?.kid
  const rotating = () => {
    const made = createService({ ...watch.bindings, ON_FORGERY: 'rotate' })
    made.now = service.now
    return made
  }

  it('EB-06, EB-10: the first forgery removes the forged key, once, and nobody is signed out', async () => {
    await forge()
    // Without the setting the key stays; what is no forgery with it changes nothing either.
    const isolates = [rotating(), rotating()] as const
    const attempts = [
      withBadSignature(mine.access_token),
      await key.resign(mine.access_token, {}, { kid: 'k_x' }),
    ]
    for (const token of attempts) {
      expect((await isolates[0].request('/ping/whoami', bearer(token))).status).toBe(401)
    }
    expect((await isolates[0].request('/ping/whoami', bearer(mine.access_token))).status).toBe(200)
    expect(await stateOf(key.kid)).toBe('active')

    await Promise.all([forge(isolates[0]), forge(isolates[1]), forge(isolates[0])])
    expect(await stateOf(key.kid)).toBe('gone')
    const successor = await active()
    expect(said('key.removed_on_forgery')).toHaveLength(1)
    // What the removed key signs is no forgery any more, and removes nothing.
    for (const each of isolates) await forge(each)
    const [alarm, ...more] = await openAlarms()
    expect(more).toEqual([])
    expect(alarm).toMatchObject({ kid: key.kid, count: 4 })
    await acknowledge(alarm?.id ?? '')
    for (const each of isolates) {
      each.now += 61
      await forge(each)
      await keepHouse(each.parts, each.now)
    }
    expect(await active()).toBe(successor)
    expect(await openAlarms()).toEqual([])
    const refreshed = await refresh(isolates[1], mine)
    expect(refreshed.status).toBe(200)
    const { access_token } = (await refreshed.json()) as Tokens
    expect((await isolates[0].request('/ping/whoami', bearer(access_token))).status).toBe(200)
  })

  it('KY-04: only a forgery removes a key: another alarm about one does not', async () => {
    const strict = rotating()
    await raise(overdueKey(key.kid), strict)
    expect(await openAlarms()).toMatchObject([{ kind: 'key.overdue', kid: key.kid }])
    expect(await stateOf(key.kid)).toBe('active')
  })

  it('EB-12, LG-06: a removal that fails is tried again, beside refusals that stay what they are', async () => {
    let isAway = true
    watch.refuses = sql => isAway && sql.startsWith('UPDATE signing_keys')
    const strict = rotating()
    const forging = forge(strict)
    await until(() => expect(said('key.not_removed').length).toBeGreaterThan(0))
    expect(await stateOf(key.kid)).toBe('active')
    isAway = false
    await forging
    expect(await stateOf(key.kid)).toBe('gone')
    expect(await openAlarms()).toMatchObject([{ kid: key.kid, count: 1 }])
  })
})

describe('links sent from where nobody asked for them', () => {
  const KIND = 'link.wrong_browser_burst'
  const bursts = async () => (await openAlarms()).filter(({ kind }) => kind === KIND)
  let elsewhere: Browser
  beforeEach(() => {
    elsewhere = browser(service)
  })
  const knock = async (token: string, ip: string) => {
    elsewhere.ip = ip
    const answer = await elsewhere.post('/sign-in/link', { token }, ACCEPT_JSON)
    expect(await answer.json()).toMatchObject({ code: 'wrong_browser' })
  }

  it.each([
    ['of one address, from everywhere', 1],
    ['from one network, of many addresses', 2],
  ])(
    'ML-05, EB-06: %s: nine raise nothing and cost no row, the tenth raises one alarm',
    async (_, addresses) => {
      const network = freshIp()
      const attempts: { readonly asking: Browser; readonly token: string }[] = []
      for (let number = 0; number < addresses; number++) {
        const asking = browser(service)
        attempts.push({ asking, ...(await askForMail(service, asking, freshAddress())) })
      }
      const tokenOf = (number: number) => attempts[number % addresses]?.token ?? ''
      const ip = () => (addresses === 1 ? freshIp() : network)
      const before = watch.statements.length
      for (let number = 0; number < 9; number++) await knock(tokenOf(number), ip())
      expect(watch.statements.slice(before).filter(sql => !sql.startsWith('SELECT'))).toEqual([])
      expect(await bursts()).toEqual([])
      await knock(tokenOf(9), ip())
      expect(await bursts()).toMatchObject([{ count: 1, severity: 'high', client_id: 'account' }])
      expect(mailed()).toHaveLength(1)
      // Nothing is consumed: it still signs in whoever asked.
      for (const { asking, token } of attempts) {
        expect((await asking.post('/sign-in/link', { token })).status).toBe(303)
      }
    },
  )

  it('EB-12: limiters that do not answer change no refusal', async () => {
    const asking = browser(service)
    const { token } = await askForMail(service, asking, freshAddress())
    const { getByName } = service.env.RATE_LIMITER
    let calls = 0
    await elsewhere.get('/sign-in')
    vi.spyOn(service.env.RATE_LIMITER, 'getByName').mockImplementation((...name) => {
      calls += 1
      // The first is the ordinary limit of redemptions.
      if (calls > 1) throw new Error('away')
      return getByName.apply(service.env.RATE_LIMITER, name)
    })
    await knock(token, freshIp())
    expect(said('wrong_browser.not_counted')).toHaveLength(1)
  })
})
