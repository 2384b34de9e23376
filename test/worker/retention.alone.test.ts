// What is kept, and for how long: the table of docs/security.md, by the clock.
import { beforeEach, describe, expect, it } from 'vitest'
import {
  DAY_SECONDS,
  LATE_LOGOUT_SECONDS,
  LOG_SWEEP_CHUNK_ROWS,
  LOG_SWEEP_CHUNKS,
  NOTICE_MAIL_SECONDS,
  PUSHED_REQUEST_SECONDS,
  RETENTION,
} from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { claimNotice } from '../../src/store/alarm-notices.ts'
import { addToAlarm } from '../../src/store/alarms.ts'
import { insertCode } from '../../src/store/authorization-codes.ts'
import { run } from '../../src/store/d1.ts'
import { upsertLateLogout } from '../../src/store/late-logouts.ts'
import { insertOutbox } from '../../src/store/outbox.ts'
import { insertPushedRequest } from '../../src/store/pushed-requests.ts'
import { addRecordCounts } from '../../src/store/record-counts.ts'
import { insertSeenJti } from '../../src/store/seen-jtis.ts'
import { upsertDelivery } from '../../src/store/webhook-deliveries.ts'
import { insertWebhook } from '../../src/store/webhooks.ts'
import { signInBrowser } from './support/browser.ts'
import { createDeviceApp } from './support/device.ts'
import { dump } from './support/dump.ts'
import { askForChange } from './support/email-change.ts'
import { databases, type Intercept, workerSeenThrough } from './support/intercept.ts'
import { someDigest } from './support/ledger.ts'
import { admin, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, redeem, requestLink, signIn } from './support/sign-in.ts'
import { storedEvents } from './support/stored.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DELETED_LOG_SECONDS = RETENTION.DELETED_LOG_DAYS.usual * DAY_SECONDS

/** The sum over all shards. */
async function count(what: string): Promise<number> {
  const counts = databases().map(db => db.prepare(`SELECT count(*) AS n FROM ${what}`).first<number>('n'))
  return (await Promise.all(counts)).reduce((sum: number, n) => sum + (n ?? 0), 0)
}

const COUNT_ID = 'x'.repeat(43)
const BEGUN = "WHERE type = 'session.created'"

type Kept = readonly (readonly [what: string, seconds: number])[]

/** What a deployment may set. */
const keptAsSet = (detailsDays: number, alarmDays: number, deliveryDays: number): Kept => [
  [`user_events ${BEGUN} AND device IS NOT NULL`, detailsDays * DAY_SECONDS],
  [`user_events ${BEGUN} AND place IS NOT NULL`, detailsDays * DAY_SECONDS],
  [`user_events ${BEGUN} AND marks IS NOT NULL`, detailsDays * DAY_SECONDS],
  ["alarms WHERE kind = 'token.forged'", alarmDays * DAY_SECONDS + 5 * MINUTE],
  ["alarm_notices WHERE alarm_id = 'a_x'", alarmDays * DAY_SECONDS + 5 * MINUTE],
  ['webhook_deliveries', deliveryDays * DAY_SECONDS + 5 * MINUTE],
]

/** Rows that are there a minute before the time that is stated, counted from their making, and gone a minute after. */
const KEPT: Kept = [
  ['pushed_requests', 6 * MINUTE],
  ['seen_jtis', 5 * MINUTE + 2 * MINUTE],
  ['email_changes', 10 * MINUTE],
  ['sign_ins', 15 * MINUTE],
  ['device_authorizations', 15 * MINUTE],
  ['entropy_buckets', 15 * MINUTE],
  ['authorization_codes', 36 * MINUTE],
  ['outbox', 24 * HOUR + 5 * MINUTE],
  ['late_logouts', 24 * HOUR + 5 * MINUTE],
  ['sessions', 7 * DAY_SECONDS],
  ['alarm_counts', HOUR + 5 * MINUTE],
  ["record_counts WHERE code = 'x'", 31 * DAY_SECONDS + 5 * MINUTE],
  ...keptAsSet(365, 365, 30),
]

/** Of a user until the account is deleted, or of nobody. A table that stands in neither list has no stated time. */
const STAYING = [
  'users',
  'emails',
  'consents',
  'deployment_secrets',
  'user_events',
  'bucket_retirements',
  'clients',
  'log_sweep',
  'registration_tokens',
  'schema_upgrades',
  'self_registered_clients',
  'session_sweep',
  'signing_keys',
  'webhooks',
]

/** One row at least in each of those tables, made now. */
async function fill(service: Service): Promise<void> {
  const { client_id } = await createClient(service, {
    session_rule: { limit: null, at_limit: 'replace_oldest' },
  })
  const email = freshAddress()
  const owner = await signInBrowser(service, email)
  await askForChange(service, owner, freshAddress())
  const attempt = await requestLink(service, client_id, email, { device_name: 'new' })
  expect((await redeem(service, attempt)).status).toBe(200)
  await addToAlarm(service.parts.shards.global, {
    countId: COUNT_ID,
    id: 'a_x',
    foldKey: 'x',
    kind: 'token.forged',
    severity: 'critical',
    kid: null,
    clientId: client_id,
    userId: 'u_x',
    detail: '',
    count: 1,
    firstAt: service.now,
    lastAt: service.now,
  })
  const notice = { id: 'n_x', alarmId: 'a_x', count: 1, mail: null }
  expect(await claimNotice(service.parts.shards.global, notice, service.now)).toBe(true)
  await (await createDeviceApp(service)).start()
  const { shards } = service.parts
  const parameters = 'login_hint=somebody'
  await insertPushedRequest(shards.global, {
    id: 'p',
    clientId: client_id,
    parameters,
    expiresAt: service.now + PUSHED_REQUEST_SECONDS,
  })
  // A notice that nobody gets to try again.
  const until = service.now + NOTICE_MAIL_SECONDS
  const counted = { code: 'x', reason: '', count: 1, lastAt: service.now }
  await addRecordCounts(shards.global, [{ since: service.now, ...counted }])
  await insertOutbox(shards.global, { id: 'm_x', sealed: 'x', expiresAt: until, leasedUntil: until }).run()
  const events = ['user.enabled'] as const
  const webhook = {
    id: 'w_x',
    url: 'https://app.test/',
    events,
    description: null,
    disabledAt: null,
    heldUntil: null,
  }
  await insertWebhook(shards.global, { ...webhook, createdAt: service.now }, 'x')
  await run(
    upsertDelivery(shards.global, {
      webhook_id: webhook.id,
      at: service.now,
      message_id: 'w_x-test',
      type: 'webhook.test',
      state: 'delivered',
      attempts: 1,
      last_at: service.now,
      status: 200,
      why: null,
      retry_at: 0,
    }),
  )
  await insertSeenJti(shards.global, someDigest(), service.now + 2 * MINUTE)
  await upsertLateLogout(shards.global, 's_x', null, service.now + LATE_LOGOUT_SECONDS)
  await insertCode(shards.global, {
    codeDigest: someDigest(),
    userId: 'u_x',
    clientId: client_id,
    redirectUri: 'https://app.test/',
    codeChallenge: someDigest(),
    scope: '',
    audience: 'https://app.test',
    nonce: null,
    dpopJkt: null,
    browserSessionId: 's_x',
    signedInWith: ['email_link'],
    authTime: service.now,
    device: { name: null, kind: 'other', os: null, browser: null },
    place: { country: null, city: null },
    marks: [],
    expiresAt: service.now + MINUTE,
  })
}

/** Each is there until its time, and then gone. */
async function expectKept(service: Service, made: number, kept: Kept): Promise<void> {
  const checks = kept.flatMap(([what, seconds]) => [
    { what, at: seconds - MINUTE, isThere: true },
    // A pass over the log begins once a day.
    { what, at: seconds + (what.startsWith('user_events') ? DAY_SECONDS : MINUTE), isThere: false },
  ])
  for (const { what, at, isThere } of checks.sort((a, b) => a.at - b.at)) {
    if (service.now !== made + at) {
      service.now = made + at
      await keepHouse(service.parts, service.now)
    }
    expect([what, at, (await count(what)) > 0]).toEqual([what, at, isThere])
  }
}

// Each test has a clock of its own.
beforeEach(async () => {
  for (const db of databases())
    await db.batch(['log_sweep', 'webhooks'].map(table => db.prepare(`DELETE FROM ${table}`)))
})

describe('LG-04: what is kept goes on time', () => {
  it('LG-04: each table by its stated time, and no table without one', async () => {
    const service = createService()
    await fill(service)
    const made = service.now
    const tables = Object.keys((JSON.parse(await dump(service)) as Record<string, unknown>[])[0] ?? {})
    const stated = new Set([...KEPT.map(([what]) => what.split(' ')[0]), ...STAYING])
    expect(tables.filter(table => !stated.has(table))).toEqual([])
    await expectKept(service, made, KEPT)
  })

  it('LG-04: a deployment may set some of the times; its users are told what it has set, and that is what is swept', async () => {
    const service = createService({
      ...{ LOG_DETAILS_DAYS: '31', DELETED_LOG_DAYS: 2, ALARM_DAYS: '40', WEBHOOK_DELIVERY_DAYS: '8' },
    })
    await fill(service)
    const made = service.now
    const owner = await signInBrowser(service, freshAddress())
    const page = await (await owner.get('/account')).text()
    expect(page).toMatch(/after 31 days;.* at most 2 days longer\..* for 40 days, .* for 8 days\./s)
    expect(await (await owner.get('/account/data.json')).json()).toMatchObject({
      retention: {
        ...{ log_details_days: 31, deleted_log_days: 2, alarm_days: 40, webhook_delivery_days: 8 },
      },
    })
    expect(await (await service.request('/signed-out/deleted')).text()).toContain('of the log for 2 days')

    const gone = owner.cookie('__Host-session')?.split('.')[0] ?? ''
    await service.request(`/admin/v1/users/${gone}`, admin(service, { method: 'DELETE' }))
    const entriesAt = async (at: number) => {
      service.now = made + at
      await keepHouse(service.parts, service.now)
      return (await storedEvents(service, gone)).length
    }
    expect(await entriesAt(2 * DAY_SECONDS - MINUTE)).toBeGreaterThan(0)
    expect(await entriesAt(3 * DAY_SECONDS)).toBe(0)
    await expectKept(service, made, keptAsSet(31, 40, 8))
  })

  it('LG-04: the log of a deleted user goes 30 days later, entry by entry; others keep theirs, without old details', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const [gone, stays] = [freshAddress(), freshAddress()]
    const { user_id: goneId } = await signIn(service, client_id, gone)
    const { user_id: staysId } = await signIn(service, client_id, stays)
    service.now += RETENTION.LOG_DETAILS_DAYS.usual * DAY_SECONDS
    for (const email of [gone, stays]) await signIn(service, client_id, email)
    service.now += DAY_SECONDS
    await service.request(`/admin/v1/users/${goneId}`, admin(service, { method: 'DELETE' }))
    await keepHouse(service.parts, service.now)
    // What is older than 30 days goes with the next pass; what is younger still says that its link was used.
    const left = await storedEvents(service, goneId)
    expect(left.map(event => event.type)).toEqual([
      'session.ended',
      'session.created',
      'session.ended',
      'user.deleted',
    ])
    const details = () =>
      service.parts.shards
        .of(staysId)
        .prepare(
          'SELECT type, device IS NOT NULL AS device, marks IS NOT NULL AS marks FROM user_events WHERE user_id = ? ORDER BY seq',
        )
        .bind(staysId)
        .all()
        .then(({ results }) => results.map(row => Object.values(row)))
    expect(await details()).toEqual([
      ['session.created', 0, 0],
      ['session.ended', 1, 0],
      ['session.created', 1, 1],
    ])
    service.now += DELETED_LOG_SECONDS - MINUTE
    await keepHouse(service.parts, service.now)
    expect((await storedEvents(service, goneId)).map(event => event.type)).toEqual([
      'session.ended',
      'user.deleted',
    ])
    service.now += DAY_SECONDS
    await keepHouse(service.parts, service.now)
    expect(await storedEvents(service, goneId)).toEqual([])
    expect(await details()).toHaveLength(4)
  })

  it('LG-04: a run reads and writes a bounded number of rows however long the log, and a pass comes to its end', async () => {
    const cost = { sweeping: 0, read: 0, written: 0 }
    const meter: Intercept = async (sql, run) => {
      const results = await run()
      if (!sql.some(each => /user_events|log_sweep/.test(each))) return results
      cost.sweeping += 1
      for (const { meta } of results) {
        cost.read += meta.rows_read
        cost.written += meta.rows_written
      }
      return results
    }
    const service = createService(workerSeenThrough(meter))
    const [db] = databases() as [D1Database, ...D1Database[]]
    await db.prepare('DELETE FROM user_events').run()
    const perRun = LOG_SWEEP_CHUNKS * LOG_SWEEP_CHUNK_ROWS
    const length = 2 * perRun + LOG_SWEEP_CHUNK_ROWS / 2
    // Of nobody: each fourth entry is due to go. The rest is younger.
    await db
      .prepare(
        `WITH RECURSIVE entry (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM entry WHERE n < ?1)
         INSERT INTO user_events (user_id, seq, type, at, actor, device)
         SELECT 'u_' || (n / 7), n, 'session.ended', iif(n % 4 = 0, ?2, ?3), '{}', '{}' FROM entry`,
      )
      .bind(length, service.now - 2 * DELETED_LOG_SECONDS, service.now)
      .run()
    const measured = async () => {
      Object.assign(cost, { sweeping: 0, read: 0, written: 0 })
      await keepHouse(service.parts, service.now)
      service.now += MINUTE
      return { ...cost }
    }
    const costs = [await measured(), await measured(), await measured()]
    for (const { read, written } of costs) {
      // Each entry is read once, and its user looked for; what goes is found again by its key.
      expect(read).toBeLessThanOrEqual(3 * perRun)
      expect(written).toBeLessThanOrEqual(perRun / 4 + LOG_SWEEP_CHUNKS + databases().length)
    }
    expect(await db.prepare('SELECT count(*) AS n FROM user_events').first('n')).toBe(
      length - Math.floor(length / 4),
    )
    // Done for today: one read a shard, and nothing written.
    expect(await measured()).toMatchObject({ sweeping: databases().length, written: 0 })
    service.now += DAY_SECONDS
    const next = await measured()
    expect(next.read).toBeGreaterThan(LOG_SWEEP_CHUNK_ROWS)
    expect(next.written).toBeLessThanOrEqual(LOG_SWEEP_CHUNKS + databases().length)
  })
})
