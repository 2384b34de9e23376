// The operator's page: what opens it, what it opens, what it shows, and what it costs.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { OPERATOR_SESSION_SECONDS, WRONG_SECRETS_PER_NETWORK } from '../../src/domain/limits.ts'
import { record, recordingAs } from '../../src/records/record.ts'
import { mintOperatorSession } from '../../src/tokens/operator-session.ts'
import { type Browser, browser, signInBrowser } from './support/browser.ts'
import { leakKey } from './support/leaked-key.ts'
import { admin, bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, refresh, signIn } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const service = createService()
const adminToken = String(service.env.ADMIN_TOKEN)

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue()
})

async function open(to: Service = service): Promise<Browser> {
  const operator = browser(to)
  await operator.get('/admin')
  const response = await operator.post('/admin', { admin_token: adminToken })
  expect([response.status, response.headers.get('Location')]).toEqual([303, '/admin'])
  return operator
}

/** Whether the page shows anything but its form. */
async function isOpen(response: Response): Promise<boolean> {
  const text = await response.text()
  expect(text.includes('name="admin_token"')).toBe(!text.includes('Open alarms'))
  return text.includes('Open alarms')
}

interface Stats {
  readonly hours: readonly {
    readonly sign_ins: number
    readonly refreshes: number
    readonly refusals: number
  }[]
  readonly days: readonly { readonly sign_ins: number }[]
  readonly refused: readonly { readonly reason: string; readonly last_day: number }[]
  readonly cron: { readonly last_at: string | null }
  readonly [member: string]: unknown
}
const statsOf = async (of: Service): Promise<Stats> =>
  (await of.request('/admin/v1/stats', admin(of))).json<Stats>()

describe('what opens the page', () => {
  it('AP-07: the ADMIN_TOKEN, once; then a strict cookie for an hour, until the page is closed', async () => {
    const operator = await open()
    const line = operator.setCookies.find(each => each.startsWith('__Host-operator=')) ?? ''
    expect(line).toMatch(/; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    expect(line).not.toContain(adminToken)
    const page = await operator.get('/admin')
    expect(page.headers.get('Cache-Control')).toBe('no-store')
    expect(await isOpen(page)).toBe(true)
    expect((await operator.post('/admin/sign-out')).status).toBe(303)
    expect(operator.cookie('__Host-operator')).toBeUndefined()
    expect(await isOpen(await operator.get('/admin'))).toBe(false)
  })

  it('AP-07: nothing else does: no user, no token, not the ADMIN_TOKEN in a header or a URL, no cookie that is not ours', async () => {
    const user = await signInBrowser(service, freshAddress())
    expect(await isOpen(await user.get('/admin'))).toBe(false)
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress())
    const cookie = (await open()).cookie('__Host-operator') ?? ''
    const [expiry = '', mac = ''] = cookie.split('.')
    const { secrets } = service.parts
    const others = [
      `${Number(expiry) + 1}.${mac}`,
      `${expiry}.${'A'.repeat(43)}`,
      `0${cookie}`,
      `${cookie}.`,
      adminToken,
      await mintOperatorSession(secrets, adminToken, service.now),
      // Once the ADMIN_TOKEN is another one.
      await mintOperatorSession(secrets, `${adminToken}x`, service.now + 60),
    ]
    const asked: RequestInit[] = [
      bearer(access_token),
      bearer(adminToken),
      ...[...others, user.cookie('__Host-session') ?? ''].map(each => ({
        headers: { Cookie: `__Host-operator=${each}` },
      })),
    ]
    for (const init of asked) expect(await isOpen(await service.request('/admin', init))).toBe(false)
    expect(await isOpen(await service.request(`/admin?admin_token=${adminToken}`))).toBe(false)
    expect(
      await isOpen(await service.request('/admin', { headers: { Cookie: `__Host-operator=${cookie}` } })),
    ).toBe(true)
  })

  it('AP-07: its hour ends, whatever the browser keeps; a changed ADMIN_TOKEN ends it at once', async () => {
    const of = createService()
    const Cookie = `__Host-operator=${(await open(of)).cookie('__Host-operator')}`
    expect(await isOpen(await of.request('/admin', { headers: { Cookie } }))).toBe(true)
    const changed = createService({ ADMIN_TOKEN: [...adminToken].reverse().join('') })
    changed.now = of.now
    expect(await isOpen(await changed.request('/admin', { headers: { Cookie } }))).toBe(false)
    of.now += OPERATOR_SESSION_SECONDS
    expect(await isOpen(await of.request('/admin', { headers: { Cookie } }))).toBe(false)
  })

  it('AP-07: the calls take the token itself: this cookie opens none, and other methods are 405', async () => {
    const operator = await open()
    for (const path of ['/admin/v1/stats', '/admin/v1/clients', '/admin/v1/alarms']) {
      expect((await operator.get(path)).status).toBe(401)
    }
    expect((await operator.post('/admin/v1/keys/rotate', {})).status).toBe(401)
    for (const [method, path, allow] of [
      ['DELETE', '/admin', 'GET, POST, HEAD'],
      ['GET', '/admin/sign-out', 'POST'],
      ['PUT', '/admin/acknowledge', 'POST'],
    ] as const) {
      const response = await operator.send(path, { method })
      expect([path, response.status, response.headers.get('Allow')]).toEqual([path, 405, allow])
    }
  })

  it('WB-02: a form of another site, or without the token of the page, changes nothing', async () => {
    const operator = await open()
    await operator.get('/admin')
    for (const path of ['/admin', '/admin/sign-out', '/admin/acknowledge']) {
      const foreign = await operator.post(path, { admin_token: adminToken }, { Origin: 'https://evil.test' })
      expect(foreign.status).toBe(403)
      expect((await operator.post(path, { admin_token: adminToken, csrf_token: 'x' })).status).toBe(403)
    }
    expect(await isOpen(await operator.get('/admin'))).toBe(true)
  })

  it('AP-06: wrong tokens are counted for their network, and beyond the limit the right one is refused too', async () => {
    const guessing = browser(service)
    await guessing.get('/admin')
    const wrong = { admin_token: `${adminToken.slice(0, -1)}~` }
    expect((await guessing.post('/admin', wrong)).status).toBe(401)
    const { limits } = service.parts
    const count = () => limits.forWrongSecret('/admin', guessing.ip, service.now)
    await Promise.all(Array.from({ length: WRONG_SECRETS_PER_NETWORK - 1 }, count))
    expect((await guessing.post('/admin', wrong)).status).toBe(429)
    const right = await guessing.post('/admin', { admin_token: adminToken })
    expect([right.status, right.headers.has('Retry-After')]).toEqual([429, true])
    await open()
  })
})

describe('what it shows', () => {
  it('LG-01: what was recorded, at once where it was, and the alarm until it is acknowledged', async () => {
    const before = await statsOf(service)
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    await refresh(service, tokens)
    const key = await leakKey(service)
    await service.request('/ping/whoami', bearer(await key.resign(tokens.access_token, { scope: 'all' })))
    const after = await statsOf(service)
    const grown = (name: 'sign_ins' | 'refreshes' | 'refusals') =>
      (after.hours.at(-1)?.[name] ?? 0) - (before.hours.at(-1)?.[name] ?? 0)
    expect([grown('sign_ins'), grown('refreshes'), grown('refusals')]).toEqual([1, 1, 1])
    expect([after.hours.length, after.days.length]).toEqual([24, 30])
    expect(after.refused).toContainEqual(expect.objectContaining({ reason: 'invalid_token' }))
    expect(after).toMatchObject({ mails: { oldest_at: null }, webhooks: expect.any(Array) })
    expect(after.keys).toContainEqual(expect.objectContaining({ kid: key.kid, state: 'active' }))

    const operator = await open()
    const text = await (await operator.get('/admin')).text()
    expect(text).toContain('token.forged')
    const alarmId = /name="alarm_id" value="([^"]+)"/.exec(text)?.[1] ?? ''
    expect((await operator.post('/admin/acknowledge', { alarm_id: 'a_none' })).status).toBe(404)
    expect((await browser(service).post('/admin/acknowledge', { alarm_id: alarmId })).status).toBe(303)
    expect(await (await operator.get('/admin')).text()).toContain(alarmId)
    expect((await operator.post('/admin/acknowledge', { alarm_id: alarmId })).status).toBe(303)
    expect(await (await operator.get('/admin')).text()).not.toContain(alarmId)
  })
})

describe('the figures', () => {
  it('LG-01: a write that fails refuses nothing, and is made up for with the next', async () => {
    const watch = watchDatabases()
    const own = createService(watch.bindings)
    own.now += 400 * 86_400
    watch.refuses = sql => sql.includes('INTO record_counts')
    const { client_id } = await createClient(own)
    await signIn(own, client_id, freshAddress())
    own.now += 60
    await signIn(own, client_id, freshAddress())
    const during = await statsOf(own)
    expect(during.hours.reduce((sum, { sign_ins }) => sum + sign_ins, 0)).toBe(0)
    watch.refuses = () => false
    const later = await statsOf(own)
    expect(later.hours.reduce((sum, { sign_ins }) => sum + sign_ins, 0)).toBe(2)
    expect(later.days.at(-1)?.sign_ins).toBeGreaterThanOrEqual(1)
  })

  it('LG-01: each record is a data point where there is a dataset, without user or session; one that fails is no refusal', async () => {
    const points: AnalyticsEngineDataPoint[] = []
    const dataset = {
      writeDataPoint(point: AnalyticsEngineDataPoint) {
        points.push(point)
        throw new Error('too many')
      },
    }
    const own = createService({ ANALYTICS: dataset } as Record<string, unknown>)
    const { client_id } = await createClient(own)
    const { user_id } = await signIn(own, client_id, freshAddress())
    expect(points.slice(1)).toMatchObject([
      {
        indexes: ['sign_in.started'],
        blobs: ['sign_in.started', 'accepted', '', expect.anything(), client_id],
      },
      { indexes: ['session.created'], doubles: [1] },
      { blobs: ['token.issued', 'accepted', 'urn:latchkey:grant-type:magic-link', 'client', client_id] },
    ])
    expect(JSON.stringify(points)).not.toContain(user_id)
    for (const { indexes } of points) expect(String(indexes?.[0]).length).toBeLessThanOrEqual(96)
  })

  it('LG-01: records of one request are not taken for another’s that runs beside it', async () => {
    const told: string[] = []
    const asRequest = (id: string) =>
      recordingAs(
        id,
        'anonymous',
        entry => told.push(`${id} ${entry.client_id}`),
        async () => {
          await new Promise(resolve => setTimeout(resolve, 1))
          record('code.issued', { client_id: id })
        },
      )
    await Promise.all(['a', 'b', 'c'].map(asRequest))
    expect(told.sort()).toEqual(['a a', 'b b', 'c c'])
  })
})
