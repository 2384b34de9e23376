// The device flow (RFC 8628) as its three parties meet it: a device that polls, a browser that decides, whoever guesses.
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  DEVICE_AUTHORIZATIONS_PER_NETWORK,
  USER_CODES_PER_NETWORK,
  USER_CODES_PER_USER,
} from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { changeClient } from '../../src/store/clients.ts'
import { follow, signInThere } from './support/authorize.ts'
import { ACCEPT_JSON, type Browser, browser, signInBrowser } from './support/browser.ts'
import { leaksIn } from './support/canaries.ts'
import {
  type Codes,
  createDeviceApp,
  type DeviceApp,
  decideDevice,
  errorOf,
  questionOf,
  typeCode,
} from './support/device.ts'
import { dump } from './support/dump.ts'
import { DATABASES, databases, workerSeenThrough } from './support/intercept.ts'
import { metered, sumOf } from './support/ledger.ts'
import { countOf, statusesOf } from './support/many.ts'
import { admin, bearer, createService, form, freshAddress, freshIp, ISSUER } from './support/service.ts'
import { refresh, type Tokens } from './support/sign-in.ts'
import { checkHistory, storedUsers } from './support/stored.ts'

const meters = databases().map(metered)
const service = createService(Object.fromEntries(DATABASES.map((name, index) => [name, meters[index]?.db])))
const THIRD_PARTY = { kind: 'third_party', name: 'Ledger & Co' }
const NEVER = 'BBBB-BBBB'

let app: DeviceApp
let visitor: Browser
beforeAll(async () => {
  app = await createDeviceApp(service)
  visitor = await signInBrowser(service, freshAddress())
})

/** Polls at the pace that the answer asked for. */
async function pollLater(codes: Codes, seconds: number): Promise<string> {
  service.now += seconds
  return errorOf(await app.poll(codes))
}

/** What the Worker asked of its databases since the last time. */
const takeRows = () => meters.flatMap(meter => meter.rows.splice(0))

describe('asking for codes', () => {
  it('OA-07: gives a code to show, without look-alikes, and one to poll with, for ten minutes', async () => {
    const codes = await app.start({ scope: 'read' })
    const shown = /^[BCDFGHJKMNPQRTVWXY2346789]{4}-[BCDFGHJKMNPQRTVWXY2346789]{4}$/
    expect(codes).toEqual({
      device_code: expect.stringMatching(/^d_[\w-]{80,}$/),
      user_code: expect.stringMatching(shown),
      verification_uri: `${ISSUER}/device`,
      verification_uri_complete: `${ISSUER}/device?user_code=${codes.user_code}`,
      expires_in: 600,
      interval: 5,
    })
    expect(codes.user_code).not.toBe((await app.start()).user_code)
  })

  it('OA-07: refuses what the client may not ask for, and clients that are not who they say', async () => {
    const confidential = await createDeviceApp(service, { type: 'confidential' })
    const other = await createDeviceApp(service, { grant_types: ['authorization_code'] })
    const ask = async (...of: Parameters<DeviceApp['ask']>) => errorOf(await app.ask(...of))
    expect(await ask({ scope: 'admin' })).toBe('400 invalid_scope')
    expect(await ask({ resource: 'https://nobody.test' })).toBe('400 invalid_target')
    expect(await errorOf(await other.ask())).toBe('400 unauthorized_client')
    // Registered for Basic, shown in the form.
    expect(await errorOf(await confidential.ask())).toBe('401 invalid_client')
    const basic = (secret: string) => ({
      Authorization: `Basic ${btoa(`${confidential.clientId}:${secret}`)}`,
    })
    const byBasic = (secret: string) =>
      service.request('/oauth2/device_authorization', {
        ...form({}),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...basic(secret) },
      })
    expect(await errorOf(await byBasic('wrong'))).toBe('401 invalid_client')
    expect((await byBasic(confidential.secret ?? '')).status).toBe(200)
  })

  it('OA-07: is limited for a network', async () => {
    const ip = freshIp()
    const ask = () => app.ask({}, { 'CF-Connecting-IP': ip })
    const { limits } = service.parts
    const count = DEVICE_AUTHORIZATIONS_PER_NETWORK - 1
    await Promise.all(Array.from({ length: count }, () => limits.forDeviceAuthorization(ip, service.now)))
    expect((await ask()).status).toBe(200)
    const refused = await ask()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable', code: 'rate_limited' })
  })
})

describe('polling', () => {
  it('OA-07: is pending at the pace, five seconds slower for good after each hasty poll, then expired', async () => {
    const codes = await app.start()
    expect(await pollLater(codes, 0)).toBe('400 authorization_pending')
    expect(await pollLater(codes, 5)).toBe('400 authorization_pending')
    expect(await pollLater(codes, 4)).toBe('400 slow_down')
    expect(await pollLater(codes, 9)).toBe('400 slow_down')
    expect(await pollLater(codes, 15)).toBe('400 authorization_pending')
    expect(await pollLater(codes, 14)).toBe('400 slow_down')
    expect(await pollLater(codes, 20)).toBe('400 authorization_pending')
    expect(await pollLater(codes, 600 - 5 - 4 - 9 - 15 - 14 - 20 - 1)).toBe('400 authorization_pending')
    expect(await pollLater(codes, 1)).toBe('400 expired_token')
    expect((await typeCode(visitor, codes.user_code)).status).toBe(400)
  })

  it('OA-07: costs one call and one row; what is no live code of this client costs none', async () => {
    const codes = await app.start()
    const other = await createDeviceApp(service)
    const dead = await app.start()
    await app.poll(codes)
    const costOf = async (work: () => Promise<Response>) => {
      takeRows()
      const answer = await errorOf(await work())
      // Clients and webhooks are looked up once in a while, whatever is asked.
      const made = takeRows().filter(({ sql }) => !/FROM (?:clients|webhooks)/.test(sql))
      return [answer, made.length, sumOf(made, 'read'), sumOf(made, 'written')]
    }
    service.now += 5
    expect(await costOf(() => app.poll(codes))).toEqual(['400 authorization_pending', 1, 2, 1])
    expect(await costOf(() => other.poll(codes))).toEqual(['400 invalid_grant', 0, 0, 0])
    for (const device_code of [
      'd_',
      'x',
      `${codes.device_code}A`,
      codes.device_code.slice(2),
      `d_${'A'.repeat(110)}`,
    ]) {
      expect(await costOf(() => app.poll({ device_code }))).toEqual(['400 invalid_grant', 0, 0, 0])
    }
    service.now += 600
    expect(await costOf(() => app.poll(dead))).toEqual(['400 expired_token', 0, 0, 0])
  })

  it('OA-07: authenticates a confidential client', async () => {
    const registration = { type: 'confidential', token_endpoint_auth_method: 'client_secret_post' }
    const confidential = await createDeviceApp(service, registration)
    const codes = await confidential.start()
    await decideDevice(visitor, codes.user_code)
    const wrong = await confidential.poll(codes, { client_secret: 'wrong' })
    expect(await errorOf(wrong)).toBe('401 invalid_client')
    expect((await confidential.poll(codes)).status).toBe(200)
  })
})

describe('a decision', () => {
  it('OA-07: begins one session, of the device that asked, and is spent by it', async () => {
    const email = freshAddress()
    const deciding = await signInBrowser(service, email)
    const signedInAt = service.now
    service.now += 60
    const codes = await app.start({ scope: 'openid read' })
    const done = await decideDevice(deciding, codes.user_code)
    expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('Go back to your device')])
    expect(await errorOf(await app.poll(codes, { resource: 'https://nobody.test' }))).toBe(
      '400 invalid_target',
    )
    const response = await app.poll(codes)
    expect(response.status).toBe(200)
    const tokens = await response.json<Tokens>()
    expect(tokens.scope).toBe('openid read')
    expect(decodeJwt(tokens.access_token)).toMatchObject({ auth_time: signedInAt, amr: ['email_link'] })
    expect(tokens.user_id).toBe((await storedUsers(service, email))[0])
    const list = await deciding.get('/v1/sessions')
    const { sessions } = (await list.json()) as { sessions: Record<string, unknown>[] }
    expect(sessions.find(each => !each.current)).toMatchObject({
      client: { name: 'Telly' },
      started_in: 'app',
      device: { browser: 'Chrome', os: 'webOS' },
    })
    expect((await refresh(service, tokens)).status).toBe(200)
    expect(await errorOf(await app.poll(codes))).toBe('400 invalid_grant')
    // A second use is no theft: the codes of others are not touched by it, nor is the session.
    expect((await checkHistory(service, tokens.user_id)).live).toHaveLength(2)
  })

  it('OA-07: succeeds once, of fifty polls that race', async () => {
    const deciding = await signInBrowser(service, freshAddress())
    const codes = await app.start()
    await decideDevice(deciding, codes.user_code)
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.poll(codes)))
    expect(countOf(statusesOf(answers), 200)).toBe(1)
    const refused = await Promise.all(answers.filter(answer => answer.status !== 200).map(errorOf))
    expect([...new Set(refused)]).toEqual(['400 invalid_grant'])
    const winner = answers.find(answer => answer.status === 200) as Response
    const { user_id, access_token } = await winner.json<Tokens>()
    expect((await checkHistory(service, user_id)).live).toHaveLength(2)
    expect((await service.request('/ping/whoami', bearer(access_token))).status).toBe(200)
  })

  it('OA-07: to deny is access_denied, and one code has one decision', async () => {
    const codes = await app.start()
    const request = await questionOf(await typeCode(visitor, codes.user_code))
    const again = await questionOf(await typeCode(visitor, codes.user_code))
    expect((await visitor.post('/device', { request, decision: 'deny' })).status).toBe(200)
    expect((await visitor.post('/device', { request, decision: 'deny' })).status).toBe(200)
    expect((await visitor.post('/device', { request, decision: 'allow' })).status).toBe(400)
    expect((await visitor.post('/device', { request: again, decision: 'allow' })).status).toBe(400)
    expect(await errorOf(await app.poll(codes))).toBe('400 access_denied')
  })

  it('OA-07: is one user’s, of two who allow the same code at once', async () => {
    const codes = await app.start()
    const first = await signInBrowser(service, freshAddress())
    let meanwhile: (() => Promise<unknown>) | null = null
    const elsewhere = createService(
      workerSeenThrough(async (sql, run) => {
        if (sql[0]?.startsWith('UPDATE device_authorizations SET decision')) await meanwhile?.()
        return run()
      }),
    )
    elsewhere.now = service.now
    const second = await signInBrowser(elsewhere, freshAddress())
    const request = await questionOf(await typeCode(second, codes.user_code))
    meanwhile = () => decideDevice(first, codes.user_code)
    expect((await second.post('/device', { request, decision: 'allow' })).status).toBe(400)
    const { user_id } = await (await app.poll(codes)).json<Tokens>()
    expect(first.cookie('__Host-session')).toContain(user_id)
  })

  it('OA-07: counts in the browser that was asked, from our own page, and with a click', async () => {
    const codes = await app.start()
    const page = await visitor.get(codes.verification_uri_complete.slice(ISSUER.length))
    expect(await page.text()).toContain(`value="${codes.user_code}"`)
    const request = await questionOf(await typeCode(visitor, codes.user_code))
    const allow = { request, decision: 'allow' }
    const post = (of: Browser, fields: Record<string, string>, headers = {}) =>
      of.post('/device', fields, headers)
    const other = await signInBrowser(service, freshAddress())
    expect((await post(other, allow)).headers.get('Location')).toBe(`/device?user_code=${codes.user_code}`)
    expect((await post(browser(service), allow)).status).toBe(303)
    expect((await post(visitor, { ...allow, csrf_token: 'A'.repeat(43) })).status).toBe(403)
    expect((await post(visitor, allow, { Origin: 'https://app.test' })).status).toBe(403)
    expect((await post(visitor, { ...allow, request: `${request}x` })).status).toBe(400)
    expect((await post(visitor, { request, decision: 'yes' })).status).toBe(400)
    // With the code, but without having been asked.
    expect((await post(visitor, { user_code: codes.user_code, decision: 'allow' })).status).toBe(200)
    const forged = { user_code: codes.user_code, csrf_token: 'A'.repeat(43) }
    expect((await post(visitor, forged)).status).toBe(403)
    expect(await errorOf(await app.poll(codes))).toBe('400 authorization_pending')
    expect((await post(visitor, allow)).status).toBe(200)
    expect((await app.poll(codes)).status).toBe(200)
  })

  it('OA-07: for a third party is a consent; withdrawn before the device asks, it is worth nothing', async () => {
    const ledger = await createDeviceApp(service, THIRD_PARTY)
    const deciding = await signInBrowser(service, freshAddress())
    const [first, second] = [await ledger.start(), await ledger.start({ scope: 'read' })]
    await decideDevice(deciding, first.user_code)
    expect((await ledger.poll(first)).status).toBe(200)
    await decideDevice(deciding, second.user_code)
    await deciding.post('/account/apps/withdraw', { client_id: ledger.clientId })
    expect(await errorOf(await ledger.poll(second))).toBe('400 invalid_grant')
  })

  it.each([{ scopes: ['openid'] }, { grant_types: ['authorization_code'] as const }])(
    'OA-07: is not made for a client that has come to %j meanwhile',
    async change => {
      const former = await createDeviceApp(service)
      const deciding = await signInBrowser(service, freshAddress())
      const codes = await former.start({ scope: 'read' })
      const request = await questionOf(await typeCode(deciding, codes.user_code))
      const db = service.parts.shards.global
      const changed = await changeClient(db, former.clientId, async client => ({
        client: { ...client, ...change },
      }))
      if (changed === null) throw new Error('not registered')
      service.parts.forgetClient(former.clientId)
      expect((await deciding.post('/device', { request, decision: 'allow' })).status).toBe(400)
      expect((await typeCode(deciding, codes.user_code)).status).toBe(400)
    },
  )

  it('OA-07: is worth nothing once its user signed out there, or was disabled', async () => {
    const leaving = await signInBrowser(service, freshAddress())
    const codes = await app.start()
    await decideDevice(leaving, codes.user_code)
    await leaving.post('/sign-out')
    expect(await errorOf(await app.poll(codes))).toBe('400 invalid_grant')
    const email = freshAddress()
    const disabled = await signInBrowser(service, email)
    const more = await app.start()
    await decideDevice(disabled, more.user_code)
    const [userId = ''] = await storedUsers(service, email)
    const path = `/admin/v1/users/${userId}/disable`
    expect((await service.request(path, admin(service, { method: 'POST' }))).status).toBe(204)
    expect(await errorOf(await app.poll(more))).toBe('400 invalid_grant')
    expect((await checkHistory(service, userId)).live).toEqual([])
  })
})

describe('the page', () => {
  it('OA-07: names the client, what it asks for, how long, and what asks from where; and warns', async () => {
    const ledger = await createDeviceApp(service, {
      ...THIRD_PARTY,
      session_rule: { limit: 1, at_limit: 'refuse' },
    })
    for (const telly of [ledger, app]) {
      const codes = await telly.start({ scope: 'openid email read' })
      const page = await typeCode(visitor, codes.user_code)
      expect(page.headers.get('Content-Security-Policy')).toContain("form-action 'self';")
      const html = await page.text()
      for (const words of [
        telly === ledger ? 'Ledger &amp; Co' : 'Telly',
        'an app on another device',
        'see your email address',
        '<code>read</code>',
        '30 days',
        'Chrome</bdi> on <bdi>webOS',
        `<strong>${codes.user_code}</strong>`,
        'Did somebody send you a code or a link?',
        'name="decision" value="allow"',
        'name="decision" value="deny"',
      ]) {
        expect(html).toContain(words)
      }
    }
  })

  it('OA-07: takes the code however it is typed, and no look-alikes for it', async () => {
    const { user_code } = await app.start()
    const typing = await signInBrowser(service, freshAddress())
    const plain = user_code.replace('-', '')
    for (const typed of [user_code.toLowerCase(), ` ${plain} `, [...plain].join(' '), plain]) {
      expect((await typeCode(typing, typed)).status).toBe(200)
    }
    for (const typed of [`O${plain.slice(1)}`, `1${plain.slice(1)}`, plain.slice(1), `${plain}B`, '']) {
      expect((await typeCode(typing, typed)).status).toBe(400)
    }
  })

  it('OA-07: asks for a sign-in first, and comes back with the code', async () => {
    const { user_code } = await app.start()
    const stranger = browser(service)
    const path = `/device?user_code=${user_code}`
    const first = await stranger.get(path)
    expect(first.headers.get('Location')).toBe(`/sign-in?${new URLSearchParams({ continue: path })}`)
    const back = await signInThere(service, stranger, await follow(stranger, first), freshAddress())
    expect(await back.text()).toContain(`value="${user_code}"`)
    // What cannot be a code is not carried along.
    const hostile = await browser(service).get('/device?user_code=//evil.test')
    expect(hostile.headers.get('Location')).toBe('/sign-in?continue=%2Fdevice')
  })

  it('OA-07: says the same of a code that is wrong, over, decided or of a client that is gone', async () => {
    const guessing = await signInBrowser(service, freshAddress())
    const gone = await createDeviceApp(service)
    const [expired, used, orphan] = [await app.start(), await app.start(), await gone.start()]
    service.now += 1
    await decideDevice(visitor, used.user_code)
    await app.poll(used)
    const remove = admin(service, { method: 'DELETE' })
    await service.request(`/admin/v1/clients/${gone.clientId}`, remove)
    const pages: string[] = []
    const refuse = async (userCode: string) => {
      const page = await typeCode(guessing, userCode)
      expect(page.status).toBe(400)
      pages.push((await page.text()).replaceAll(/(?:value|content)="[\w-]{43}"/g, ''))
    }
    await refuse(NEVER)
    await refuse(used.user_code)
    await refuse(orphan.user_code)
    service.now += 600
    await refuse(expired.user_code)
    expect(new Set(pages).size).toBe(1)
    expect(pages[0]).toContain('That code is not right, or its time is over.')
    expect(await (await typeCode(guessing, NEVER, ACCEPT_JSON)).json()).toMatchObject({ code: 'wrong_code' })
  })

  it('OA-07: lets nobody guess: ten codes for a user, whatever the session, and a hundred for a network', async () => {
    service.now += 900
    const email = freshAddress()
    const { user_code } = await app.start()
    const guess = async (of: Browser) => (await typeCode(of, NEVER)).status
    const guessing = await signInBrowser(service, email)
    for (let nth = 0; nth < USER_CODES_PER_USER; nth++) expect(await guess(guessing)).toBe(400)
    const again = await signInBrowser(service, email)
    for (const each of [guessing, again]) {
      const refused = await typeCode(each, user_code)
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    }
    const ip = freshIp()
    const last = await signInBrowser(service, freshAddress(), browser(service, ip))
    const { limits } = service.parts
    const others = Array.from(
      { length: USER_CODES_PER_NETWORK - 1 },
      (_, nth) => `u_${nth % USER_CODES_PER_USER}`,
    )
    await Promise.all(others.map(other => limits.forUserCode(other, ip, service.now)))
    expect(await guess(last)).toBe(400)
    expect(await guess(last)).toBe(429)
    service.now += 900
    const found = await typeCode(again, (await app.start()).user_code)
    expect(found.status).toBe(200)
  })
})

describe('what is kept', () => {
  it('OA-07, I9: neither code is in a database, and the rows go when they are over', async () => {
    const codes = [await app.start(), await app.start()] as const
    await decideDevice(visitor, codes[0].user_code)
    const jar = new Map(
      codes.flatMap(({ device_code, user_code }, nth): [string, string][] => [
        [`device code ${nth}`, device_code],
        [`most of device code ${nth}`, device_code.slice(2, 42)],
        [`end of device code ${nth}`, device_code.slice(-40)],
        [`user code ${nth}`, user_code.replace('-', '')],
        [`user code ${nth} as shown`, user_code],
      ]),
    )
    expect(leaksIn(await dump(service), jar)).toEqual([])
    const kept = async () => {
      const counts = await Promise.all(
        databases().map(db =>
          db.prepare('SELECT count(*) AS n FROM device_authorizations').first<{ n: number }>(),
        ),
      )
      return counts.reduce((sum, count) => sum + (count?.n ?? 0), 0)
    }
    expect(await kept()).toBeGreaterThanOrEqual(2)
    await keepHouse(service.parts, service.now + 599)
    expect((await app.poll(codes[0])).status).toBe(200)
    await keepHouse(service.parts, service.now + 3600)
    expect(await kept()).toBe(0)
    service.now += 3600
    expect(await errorOf(await app.poll(codes[1]))).toBe('400 expired_token')
  })
})
