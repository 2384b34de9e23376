// Who is told of a sign-in; and that the telling is never lost, never doubled, and never in the way.
import { beforeAll, describe, expect, it } from 'vitest'
import { DAY_SECONDS, OUTBOX_LEASE_SECONDS } from '../../src/domain/limits.ts'
import { createApp, exchange, getCode } from './support/authorize.ts'
import { type Browser, browser } from './support/browser.ts'
import { everythingStored, leaksIn, passOverFormerObjects } from './support/canaries.ts'
import { namespaceOf, objectsSeenThrough } from './support/intercept.ts'
import { FIREFOX, noticesTo, noticeToken, SAFARI, signInByApp, signInByBrowser } from './support/notices.ts'
import { admin, createService, freshAddress, freshIp, json, type Service } from './support/service.ts'
import { createClient } from './support/sign-in.ts'
import { storedUsers } from './support/stored.ts'

beforeAll(passOverFormerObjects)

const NO_LIMIT = { name: 'Harbour Bank', session_rule: { limit: null, at_limit: 'replace_oldest' } }

/** An account with one session, in Firefox at home. */
async function settle(service: Service) {
  const { client_id } = await createClient(service, NO_LIMIT)
  const email = freshAddress()
  const own = browser(service)
  expect((await signInByBrowser(service, email, own, FIREFOX)).status).toBe(303)
  return { client_id, email, home: own.ip, own, told: () => noticesTo(service, email).length }
}

async function prefer(from: Browser, new_sign_in: string): Promise<void> {
  await from.get('/account')
  const { headers, ...init } = json({ notify: { new_sign_in } }, 'PUT')
  const sent = { ...(headers as Record<string, string>), 'X-CSRF-Token': from.csrfToken as string }
  expect((await from.send('/v1/preferences', { ...init, headers: sent })).status).toBe(200)
}

const cron = async (service: Service): Promise<void> => {
  for (const db of service.parts.shards.all) await service.parts.outbox.deliverDue(db, service.now)
}

async function waiting(service: Service): Promise<{ sealed: string; expires_at: number }[]> {
  const each = service.parts.shards.all.map(db =>
    db.prepare('SELECT sealed, expires_at FROM outbox').all<{ sealed: string; expires_at: number }>(),
  )
  return (await Promise.all(each)).flatMap(({ results }) => results)
}

async function storedMarks(service: Service, userId: string): Promise<string[]> {
  const select = 'SELECT marks FROM user_events WHERE user_id = ? AND marks IS NOT NULL'
  const rows = await service.parts.shards.of(userId).prepare(select).bind(userId).all<{ marks: string }>()
  return rows.results.flatMap(row => JSON.parse(row.marks) as string[])
}

describe('the account holder is told', () => {
  it('ML-16: not of the first sign-in, nor of a known browser, nor of a known device in its network', async () => {
    const service = createService()
    const { client_id, email, home, own, told } = await settle(service)
    // By its name, which it got the first time, a browser is known wherever it is, and whatever it says it is.
    own.ip = freshIp()
    await signInByBrowser(service, email, own, SAFARI)
    // A fresh jar, an app: the same kind of device in the same network.
    await signInByBrowser(service, email, browser(service, home), FIREFOX)
    await signInByApp(service, client_id, email, home.replace('::1', '::2'), FIREFOX)
    expect(told()).toBe(0)
  })

  it('ML-16: once, at the address on file, of a new device: which client, when, on what', async () => {
    const service = createService()
    const { client_id, email, home, told } = await settle(service)
    service.now = Date.UTC(2030, 0, 2, 3, 4) / 1_000
    await signInByApp(service, client_id, email.replace('user', 'USER'), home, SAFARI)
    expect(noticesTo(service, email)).toMatchObject([
      {
        subject: 'New sign-in to Harbour Bank',
        text: expect.stringContaining('Time: 2 January 2030 at 03:04 UTC\nDevice: Safari on macOS\n'),
      },
    ])
    expect(service.mails.filter(mail => mail.subject.startsWith('New sign-in'))).toHaveLength(1)
    await signInByApp(service, client_id, email, home, SAFARI)
    expect(told()).toBe(1)
  })

  it('ML-16: of another network, unless the browser is known there by its name', async () => {
    const service = createService()
    const { client_id, email, told } = await settle(service)
    await signInByBrowser(service, email, browser(service), FIREFOX)
    expect(told()).toBe(1)
    const away = freshIp()
    await signInByApp(service, client_id, email, away, FIREFOX)
    await signInByApp(service, client_id, email, away, FIREFOX)
    expect(told()).toBe(2)
  })

  it('ML-16: of an app that was authorized elsewhere: it is the browser that counts, not who brings the code', async () => {
    const service = createService()
    const { email, own, told } = await settle(service)
    const app = await createApp(service, { name: 'Tally', kind: 'third_party' })
    const connected = async (from: Browser) =>
      expect((await exchange(app, await getCode(app, from))).status).toBe(200)
    await connected(own)
    expect(told()).toBe(0)
    // Somebody has a copy of the cookie: the name of the browser is not in it, and neither network nor device is known.
    const thief = browser(service)
    await thief.get('/sign-in')
    const cookie = ['session', 'csrf'].map(
      name => `__Host-${name}=${(name === 'csrf' ? thief : own).cookie(`__Host-${name}`)}`,
    )
    const headers = { Cookie: cookie.join('; '), 'User-Agent': SAFARI }
    await connected({
      ...thief,
      get: path => thief.get(path, headers),
      post: (path, fields) => thief.post(path, fields, headers),
    })
    expect(noticesTo(service, email)).toMatchObject([
      { subject: 'New sign-in to Tally', text: expect.stringContaining('Device: Safari on macOS\n') },
    ])
    await prefer(own, 'always')
    await connected(own)
    expect(told()).toBe(2)
  })

  it('ML-16: what one account knows, another does not, and nothing stored tells that they share a browser', async () => {
    const service = createService()
    const { email, own } = await settle(service)
    const other = await settle(service)
    expect((await signInByBrowser(service, other.email, own, FIREFOX)).status).toBe(303)
    expect(other.told()).toBe(1)
    const users = [...(await storedUsers(service, email)), ...(await storedUsers(service, other.email))]
    const marks = (await Promise.all(users.map(userId => storedMarks(service, userId)))).flat()
    expect([marks.length, new Set(marks).size]).toEqual([6, 6])
  })

  it('ML-16: always or never, if the holder says so', async () => {
    const service = createService()
    const { client_id, email, home, own, told } = await settle(service)
    await prefer(own, 'always')
    await signInByApp(service, client_id, email, home, FIREFOX)
    expect(told()).toBe(1)
    await prefer(own, 'never')
    await signInByApp(service, client_id, email, freshIp(), SAFARI)
    expect(told()).toBe(1)
    expect(await waiting(service)).toEqual([])
  })

  it('ML-16: and what knows a device again goes when the account is deleted', async () => {
    const service = createService()
    const { email } = await settle(service)
    const [userId = ''] = await storedUsers(service, email)
    const mark = expect.stringMatching(/^[\w-]{16}$/)
    expect(await storedMarks(service, userId)).toEqual([mark, mark])
    await service.request(`/admin/v1/users/${userId}`, admin(service, { method: 'DELETE' }))
    expect(await storedMarks(service, userId)).toEqual([])
  })
})

describe('a notice while something fails', () => {
  it('ML-16, LG-02: with the mail down the answer is the same; sealed, it waits a day, and arrives once', async () => {
    const service = createService()
    const { email, told } = await settle(service)
    const guest = browser(service)
    const link = guest
      .post('/sign-in', { email })
      .then(() => /token=(\S+)/.exec(service.newestMail(email).text))
    const token = (await link)?.[1] as string
    service.mailFails = true
    const response = await guest.post('/sign-in/link', { token }, { 'User-Agent': SAFARI })
    expect([response.status, response.headers.get('Location')]).toEqual([303, '/account'])
    expect((await guest.get('/account')).status).toBe(200)
    const [row, ...more] = await waiting(service)
    expect([row?.expires_at, more]).toEqual([service.now + DAY_SECONDS, []])
    service.now += 20 * 60 * 60
    await cron(service)
    expect(told()).toBe(0)
    service.mailFails = false
    service.now += 60 * 60
    await cron(service)
    await cron(service)
    expect([told(), await waiting(service)]).toEqual([1, []])
    const secrets = new Map([['notice link', noticeToken(service, email)]])
    expect(row?.sealed).not.toContain('New sign-in')
    expect(leaksIn(`${row?.sealed}${await everythingStored(service)}`, secrets)).toEqual([])
  })

  it.each(['its commit', 'the object'])(
    'ML-16: when the answer of %s is lost, the session stands and is told of once, by cron',
    async lost => {
      let isLost = false
      const failing = () => {
        isLost = false
        throw new Error('D1_ERROR: Network connection lost.')
      }
      const ofObject = namespaceOf(async (_, verb, args) => {
        const result = await verb(...args)
        return isLost ? failing() : result
      })
      const ofCommit = objectsSeenThrough(async (sql, run) => {
        const results = await run()
        return isLost && sql.some(each => each.includes('INTO user_events')) ? failing() : results
      })
      const service = createService({ USER_SESSIONS: lost === 'the object' ? ofObject : ofCommit })
      const { client_id, email, told } = await settle(service)
      isLost = true
      await signInByApp(service, client_id, email, freshIp(), SAFARI)
      expect([isLost, told(), (await waiting(service)).length]).toEqual([false, 0, 1])
      service.now += OUTBOX_LEASE_SECONDS
      await cron(service)
      service.now += DAY_SECONDS / 2
      await cron(service)
      expect(told()).toBe(1)
    },
  )
})
