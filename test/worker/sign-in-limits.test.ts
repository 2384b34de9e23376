import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  ADDRESS_NETWORKS_PER_WINDOW,
  ADDRESS_PER_NETWORK,
  ADDRESS_WINDOW_SECONDS,
  DOWNLOADS_WINDOW_SECONDS,
  KNOWN_NETWORK_SECONDS,
  MAILS_IN_TOTAL,
  NETWORK_WINDOW_SECONDS,
  REDEMPTIONS_PER_NETWORK,
  SIGN_INS_PER_NETWORK,
  TOTAL_WINDOW_SECONDS,
} from '../../src/domain/limits.ts'
import type { Whereabouts } from '../../src/limits/limits.ts'
import { askByApp } from './support/ask.ts'
import { createApp, exchange, getCode } from './support/authorize.ts'
import { ACCEPT_JSON, askForMail, browser, signInBrowser } from './support/browser.ts'
import { createService, freshAddress, freshIp, type Service } from './support/service.ts'
import { createClient, redeem, requestLink } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

let clientId = ''
beforeAll(async () => {
  clientId = (await createClient(createService())).client_id
})

const ask = (service: Service, email: string, ip: string, headers: Record<string, string> = {}) =>
  askByApp(service, { client_id: clientId, email }, { ip, headers })

const mailsTo = (service: Service, email: string): number =>
  service.mails.filter(mail => mail.to === email).length

async function expectLimited(response: Response, windowSeconds: number): Promise<number> {
  expect(response.status).toBe(429)
  expect(await response.json()).toMatchObject({ code: 'rate_limited', status: 429 })
  const seconds = Number(response.headers.get('Retry-After'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(windowSeconds)
  return seconds
}

describe('how many mails', () => {
  it('ML-09: one network may have sent to one address, before the answer stays and the mails stop', async () => {
    const service = createService()
    const [email, ip] = [freshAddress(), freshIp()]
    for (let nth = 1; nth <= ADDRESS_PER_NETWORK + 3; nth++) {
      const response =
        nth % 2 === 0 ? await ask(service, email, ip) : await browser(service, ip).post('/sign-in', { email })
      expect(response.status).toBe(nth % 2 === 0 ? 202 : 303)
      expect(mailsTo(service, email)).toBe(Math.min(nth, ADDRESS_PER_NETWORK))
    }
    const other = freshAddress()
    await ask(service, other, ip)
    expect(mailsTo(service, other)).toBe(1)
    service.now += 3_600
    await ask(service, email, ip)
    expect(mailsTo(service, email)).toBe(ADDRESS_PER_NETWORK + 1)
  })

  it('ML-09 ML-12: the limit is on the mailbox, however its address is spelled', async () => {
    const service = createService()
    const ip = freshIp()
    const name = crypto.randomUUID()
    const before = service.mails.length
    for (let nth = 0; nth < ADDRESS_PER_NETWORK; nth++) {
      await ask(service, nth % 2 === 0 ? `${name}@Example.TEST` : `${name.toUpperCase()}@example.test`, ip)
    }
    expect(service.mails.length - before).toBe(ADDRESS_PER_NETWORK)
    await ask(service, `${name}@example.test`, ip)
    expect(service.mails.length - before).toBe(ADDRESS_PER_NETWORK)
  })

  it('ML-09: only so many networks may have sent to one address', async () => {
    const service = createService()
    const email = freshAddress()
    for (let nth = 1; nth <= ADDRESS_NETWORKS_PER_WINDOW + 5; nth++) {
      expect((await ask(service, email, freshIp())).status).toBe(202)
      expect(mailsTo(service, email)).toBe(Math.min(nth, ADDRESS_NETWORKS_PER_WINDOW))
    }
  })

  it.each([
    ['203.0.113.1', '203.0.113.200', '203.0.114.1'],
    ['2001:db8:1:1::1', '2001:db8:1:ffff:1::2', '2001:db8:2::1'],
    ['::ffff:198.51.100.1', '198.51.100.99', '198.51.101.1'],
  ])('ML-09: %s and %s are one network, %s is another', async (one, same, another) => {
    const service = createService()
    const email = freshAddress()
    for (let nth = 0; nth < ADDRESS_PER_NETWORK; nth++) await ask(service, email, nth % 2 === 0 ? one : same)
    await ask(service, email, same)
    expect(mailsTo(service, email)).toBe(ADDRESS_PER_NETWORK)
    await ask(service, email, another)
    expect(mailsTo(service, email)).toBe(ADDRESS_PER_NETWORK + 1)
  })

  it('ML-09: a network that asks for many addresses gets 429 with Retry-After, and no mail leaves', async () => {
    const service = createService()
    const ip = freshIp()
    for (let nth = 1; nth < SIGN_INS_PER_NETWORK; nth++) await service.parts.limits.forSignIn(ip, service.now)
    const last = freshAddress()
    expect((await ask(service, last, ip)).status).toBe(202)
    expect(mailsTo(service, last)).toBe(1)
    const beyond = freshAddress()
    const seconds = await expectLimited(await ask(service, beyond, ip), NETWORK_WINDOW_SECONDS)
    const neighbour = ip.replace(/::1$/, '::2')
    await expectLimited(await ask(service, freshAddress(), neighbour), NETWORK_WINDOW_SECONDS)
    const page = browser(service, ip)
    await expectLimited(await page.post('/sign-in', { email: beyond }, ACCEPT_JSON), NETWORK_WINDOW_SECONDS)
    const shown = await page.post('/sign-in', { email: beyond })
    expect([shown.status, shown.headers.get('Retry-After')]).toEqual([429, String(seconds)])
    expect(page.cookie('__Host-sign-in')).toBeUndefined()
    expect(mailsTo(service, beyond)).toBe(0)
    expect((await ask(service, beyond, freshIp())).status).toBe(202)
    service.now += seconds - 1
    await expectLimited(await ask(service, beyond, ip), 1)
    service.now += 1
    expect((await ask(service, beyond, ip)).status).toBe(202)
  })

  it('ML-09 ML-10: beyond the total no mail leaves but to those who are known, and the answer stays', async () => {
    // Keys of limits are HMACs: with a secret of its own this total is nobody else's.
    const service = createService({ DIGEST_SECRET: 'TheTotalIsCountedApart0123456789-abcdefghijk' })
    const name = `total:${await service.parts.secrets.mac('rate-limit', 'total:mail')}`
    const [owner, home] = [freshAddress(), freshIp()]
    await signInBrowser(service, owner, browser(service, home))
    const total = (env as Env).RATE_LIMITER.getByName(name)
    const count = () =>
      runInDurableObject(total, (_, { storage }) => storage.kv.get<{ count: number }>('window')?.count)
    await runInDurableObject(total, (_, { storage }) => {
      const window = storage.kv.get<{ endsAt: number; count: number }>('window')
      expect(window?.count).toBe(1)
      storage.kv.put('window', { endsAt: window?.endsAt ?? 0, count: MAILS_IN_TOTAL - 1 })
    })
    expect((await ask(service, freshAddress(), freshIp())).status).toBe(202)
    const beyond = freshAddress()
    expect((await ask(service, beyond, freshIp())).status).toBe(202)
    expect(mailsTo(service, beyond)).toBe(0)
    await ask(service, owner, home)
    expect(mailsTo(service, owner)).toBe(2)
    expect(await count()).toBe(MAILS_IN_TOTAL)
    service.now += TOTAL_WINDOW_SECONDS
    await ask(service, beyond, freshIp())
    expect(mailsTo(service, beyond)).toBe(1)
  })

  it('ML-09: what is held back for its address uses up nothing of the total', async () => {
    const service = createService({ DIGEST_SECRET: 'HeldBackIsNotCounted-0123456789-abcdefghijk' })
    const name = `total:${await service.parts.secrets.mac('rate-limit', 'total:mail')}`
    const [email, ip] = [freshAddress(), freshIp()]
    for (let nth = 0; nth < ADDRESS_PER_NETWORK + 5; nth++) await ask(service, email, ip)
    await runInDurableObject((env as Env).RATE_LIMITER.getByName(name), (_, { storage }) => {
      expect(storage.kv.get<{ count: number }>('window')?.count).toBe(ADDRESS_PER_NETWORK)
    })
  })

  it('ML-10: a browser that signed in before is served from a new network, however full its address is', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const browserCookie = `__Host-browser=${owner.cookie('__Host-browser')}`
    for (let nth = 0; nth < ADDRESS_NETWORKS_PER_WINDOW + 2; nth++) await ask(service, email, freshIp())
    const before = mailsTo(service, email)
    await ask(service, email, freshIp())
    expect(mailsTo(service, email)).toBe(before)
    await ask(service, email, freshIp(), { Cookie: browserCookie })
    expect(mailsTo(service, email)).toBe(before + 1)
    await ask(service, email, freshIp(), { Cookie: `__Host-browser=${'x'.repeat(43)}` })
    expect(mailsTo(service, email)).toBe(before + 1)
  })

  it('ML-10: a neighbour in its own network uses up nothing of what a browser has that signed in before', async () => {
    const service = createService()
    const [email, home] = [freshAddress(), freshIp()]
    const owner = await signInBrowser(service, email, browser(service, home))
    for (let nth = 0; nth < ADDRESS_PER_NETWORK + 2; nth++) await ask(service, email, home)
    const before = mailsTo(service, email)
    await ask(service, email, home)
    expect(mailsTo(service, email)).toBe(before)
    await ask(service, email, home, { Cookie: `__Host-browser=${owner.cookie('__Host-browser')}` })
    expect(mailsTo(service, email)).toBe(before + 1)
  })

  it('ML-10: from where its holder signed in is known for so long, and no longer', async () => {
    const service = createService()
    const { limits } = service.parts
    const [address, begun] = [freshAddress(), service.now]
    const [home, work] = [freshIp(), freshIp()].map(clientIp => ({ clientIp, browserId: null })) as [
      Whereabouts,
      Whereabouts,
    ]
    for (const each of [home, work]) await limits.remember(address, each, begun)
    const last = begun + KNOWN_NETWORK_SECONDS - 1
    while (await limits.admitsMail(address, { clientIp: freshIp(), browserId: null }, last));
    expect(await limits.admitsMail(address, home, last)).toBe(true)
    expect(await limits.admitsMail(address, work, last + 1)).toBe(false)
  })

  it('ML-09: what was never counted towards the total is not given back to it', async () => {
    const service = createService({ DIGEST_SECRET: 'KnownIsNotInTheTotal-0123456789-abcdefghijk' })
    const { limits, secrets } = service.parts
    const total = (env as Env).RATE_LIMITER.getByName(
      `total:${await secrets.mac('rate-limit', 'total:mail')}`,
    )
    const count = () =>
      runInDurableObject(total, (_, { storage }) => storage.kv.get<{ count: number }>('window')?.count)
    const [address, home] = [freshAddress(), { clientIp: freshIp(), browserId: null }]
    expect(
      await limits.admitsMail(freshAddress(), { clientIp: freshIp(), browserId: null }, service.now),
    ).toBe(true)
    await limits.remember(address, home, service.now)
    expect(await limits.admitsMail(address, home, service.now)).toBe(true)
    await limits.releaseMail(address, home, service.now)
    expect(await count()).toBe(1)
  })

  it('LG-04: the limits keep nothing for longer than it counts', async () => {
    const service = createService()
    const { limits, secrets } = service.parts
    const { now } = service
    const forgetsAt = async (kind: string, key: string) => {
      const name = `${kind}:${await secrets.mac('rate-limit', `${kind}:${key}`)}`
      const alarm = await runInDurableObject((env as Env).RATE_LIMITER.getByName(name), (_, { storage }) =>
        storage.getAlarm(),
      )
      return (alarm ?? 0) / 1_000 - now
    }
    const [user, address] = [`u_${crypto.randomUUID()}`, freshAddress()]
    const from = { clientIp: freshIp(), browserId: null }
    await limits.forDownload(user, now)
    expect(await forgetsAt('download', user)).toBe(DOWNLOADS_WINDOW_SECONDS)
    await limits.admitsMail(address, from, now)
    expect(await forgetsAt('address', address)).toBe(ADDRESS_WINDOW_SECONDS)
    await limits.remember(address, from, now)
    expect(await forgetsAt('address', address)).toBe(KNOWN_NETWORK_SECONDS)
    await limits.forget(address, now)
    expect(await forgetsAt('address', address)).toBe(ADDRESS_WINDOW_SECONDS)
  })

  it('ML-09: what was refused while storage was away uses up nothing, of the address or of the total', async () => {
    const watch = watchDatabases()
    const DIGEST_SECRET = 'RefusedIsNotCounted-0123456789-abcdefghijkl'
    const service = createService({ ...watch.bindings, DIGEST_SECRET })
    const [email, ip] = [freshAddress(), freshIp()]
    await ask(service, email, ip)
    watch.refuses = sql => sql.startsWith('INSERT INTO sign_ins')
    for (let nth = 0; nth < ADDRESS_PER_NETWORK + 2; nth++) {
      expect((await ask(service, email, ip)).status).toBe(503)
    }
    watch.refuses = () => false
    for (let nth = 1; nth <= ADDRESS_PER_NETWORK + 1; nth++) {
      expect((await ask(service, email, ip)).status).toBe(202)
    }
    expect(mailsTo(service, email)).toBe(ADDRESS_PER_NETWORK)
    const name = `total:${await service.parts.secrets.mac('rate-limit', 'total:mail')}`
    await runInDurableObject((env as Env).RATE_LIMITER.getByName(name), (_, { storage }) => {
      expect(storage.kv.get<{ count: number }>('window')?.count).toBe(ADDRESS_PER_NETWORK)
    })
  })
})

describe('how many uses of links and codes', () => {
  it('ML-09: a network that tries too many gets 429 with Retry-After, and spends nothing', async () => {
    const service = createService()
    const ip = freshIp()
    const guesser = browser(service, ip)
    const { code, token } = await askForMail(service, guesser, freshAddress())
    const app = await requestLink(service, clientId, freshAddress(), { ip })
    for (let nth = 0; nth < REDEMPTIONS_PER_NETWORK; nth++) {
      await service.parts.limits.forRedemption(ip, service.now)
    }
    await guesser.get('/sign-in/check')
    for (const [path, fields] of [
      ['/sign-in/link', { token }],
      ['/sign-in/code', { code }],
    ] as const) {
      await expectLimited(await guesser.post(path, fields, ACCEPT_JSON), NETWORK_WINDOW_SECONDS)
    }
    const fromThere: Service = {
      ...service,
      request: (path, init) => {
        const headers = new Headers(init?.headers)
        headers.set('CF-Connecting-IP', ip)
        return service.request(path, { ...init, headers })
      },
    }
    expect((await redeem(fromThere, app)).status).toBe(429)
    expect((await redeem(fromThere, app, 'code')).status).toBe(429)
    expect((await redeem(service, app)).status).toBe(200)
    // Nobody guesses an authorization code, and one network may be a server that exchanges all of its users'.
    const web = await createApp(service)
    const got = await getCode(web, await signInBrowser(service, freshAddress()))
    expect((await exchange({ ...web, service: fromThere }, got)).status).toBe(200)
    service.now += NETWORK_WINDOW_SECONDS - 400
    await expectLimited(await guesser.post('/sign-in/link', { token }, ACCEPT_JSON), 400)
  })
})

describe('limits that are off', () => {
  it('ML-09: let a loopback issuer send without end, and no other issuer start', async () => {
    const local = createService({ ISSUER: 'http://localhost:8787', RATE_LIMITS: 'off' })
    const [email, ip] = [freshAddress(), freshIp()]
    for (let nth = 0; nth < ADDRESS_PER_NETWORK + 5; nth++) await ask(local, email, ip)
    expect(mailsTo(local, email)).toBe(ADDRESS_PER_NETWORK + 5)
    const open = createService({ RATE_LIMITS: 'off' })
    const refused = await ask(open, email, ip)
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'misconfigured' }])
  })
})
