// The alarm itself: how it is counted, folded, acknowledged, and what becomes of it when it cannot be written.

import { exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { alarmCount, listAlarms, noonAhead } from './support/alarms.ts'
import { workerSeenThrough } from './support/intercept.ts'
import { type LeakedKey, leakKey, signerOf } from './support/leaked-key.ts'
import { admin, bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, signIn, type Tokens } from './support/sign-in.ts'
import { until } from './support/until.ts'
import { type Watch, watchDatabases } from './support/watched-databases.ts'

const OPERATORS = 'operators@auth.test'

let watch: Watch
let service: Service
let key: LeakedKey
let mine: Tokens

beforeEach(async () => {
  watch = watchDatabases()
  service = createService({ ...watch.bindings, ALARM_MAIL_TO: OPERATORS })
  service.now = noonAhead(service.now)
  const { client_id } = await createClient(service)
  mine = await signIn(service, client_id, freshAddress())
  key = await leakKey(service)
  for (const alarm of await listAlarms(service)) await acknowledge(alarm.id)
})
afterEach(() => vi.restoreAllMocks())

const acknowledge = (id: string) =>
  service.request(`/admin/v1/alarms/${id}/acknowledge`, admin(service, { method: 'POST' }))

const openAlarms = async () => (await listAlarms(service)).filter(alarm => alarm.acknowledged_at === null)
const knock = (token: string) => service.request('/ping/whoami', bearer(token))
const forgery = (number = Math.random()) => key.resign(mine.access_token, { number })
const isAlarmWrite = (sql: string) => sql.startsWith('INSERT INTO alarms')
const mailed = () => service.mails.filter(({ to }) => to === OPERATORS).map(({ subject }) => subject)
const alarmWrites = () => watch.statements.filter(isAlarmWrite).length

describe('counting', () => {
  it('EB-06: 1,000 forgeries at once are one alarm with the exact count, and one mail', async () => {
    vi.spyOn(console, 'info').mockReturnValue()
    const forged = await Promise.all(
      Array.from({ length: 1_000 }, (_, jti) => key.resign(mine.access_token, { jti })),
    )
    const answers = await Promise.all(forged.map(knock))
    expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([401]))
    const alarms = await openAlarms()
    expect(alarms).toHaveLength(1)
    expect(alarms[0]).toMatchObject({ kind: 'token.forged', kid: key.kid, count: 1_000 })
    expect(alarmWrites()).toBeLessThanOrEqual(10)
    expect(mailed()).toEqual(['Alarm (critical): token.forged'])
    const toldOf = watch.statements.filter(sql =>
      /(INSERT INTO|DELETE FROM) (alarm_notices|outbox)/.test(sql),
    )
    // The claim, the mail that waits, and its end; what was sent to sign in is before it.
    expect(toldOf.filter(sql => sql.includes('alarm_notices'))).toHaveLength(2)
  })

  it('EB-06: forgeries that come one after the other cost a write a second, not a write each', async () => {
    const lines = vi.spyOn(console, 'info').mockReturnValue()
    const refused = () =>
      lines.mock.calls.filter(([line]) => String(line).includes('"request.refused"')).length
    const began = Date.now()
    const answers: Promise<Response>[] = []
    for (let number = 1; number <= 40; number++) {
      answers.push(knock(await forgery(number)))
      await until(() => expect(refused()).toBe(number))
      // Whatever was being written has been written once a later question is answered.
      await openAlarms()
    }
    await Promise.all(answers)
    expect((await openAlarms())[0]).toMatchObject({ count: 40 })
    expect(alarmWrites()).toBeLessThanOrEqual(2 + (Date.now() - began) / 1_000)
  })

  it('EB-06: the first is written and mailed at once, not only when more have come', async () => {
    expect((await knock(await forgery())).status).toBe(401)
    expect(mailed()).toHaveLength(1)
    const [alarm] = await openAlarms()
    expect(alarm).toMatchObject({ count: 1, client_id: mine.client_id, user_id: mine.user_id })
    expect(alarm?.first_at).toBe(alarm?.last_at)
  })

  it('EB-06: every published key has an alarm of its own', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const kid = `k_${crypto.randomUUID()}`
    const { kty, crv, x, y } = await exportJWK(publicKey)
    await service.parts.shards.global
      .prepare(
        'INSERT INTO signing_keys (kid, state, public_jwk, created_at, known_at) VALUES (?1, ?2, ?3, ?4, ?4)',
      )
      .bind(kid, 'retiring', JSON.stringify({ kty, crv, x, y }), service.now)
      .run()
    service.now += 61
    const retiring = await signerOf(kid, (await exportJWK(privateKey)) as JsonWebKey)
    const forged = [await retiring.resign(mine.access_token, {}, { kid }), await forgery(), await forgery()]
    await Promise.all(forged.map(knock))
    const counts = (await openAlarms()).map(alarm => [alarm.kid, alarm.count])
    expect(new Map(counts as [string, number][])).toEqual(
      new Map([
        [kid, 1],
        [key.kid, 2],
      ]),
    )
  })

  it('EB-06: once acknowledged, the next forgery opens a new alarm, is mailed anew, and leaves the old one alone', async () => {
    await knock(await forgery())
    const [old] = await openAlarms()
    expect((await acknowledge(old?.id ?? '')).status).toBe(204)
    service.now += 5
    await knock(await forgery())
    const [fresh, ...more] = await openAlarms()
    expect(more).toEqual([])
    expect(fresh).toMatchObject({ count: 1 })
    expect(fresh?.id).not.toBe(old?.id)
    expect(fresh?.first_at).toBe(fresh?.last_at)
    expect((await listAlarms(service)).find(alarm => alarm.id === old?.id)).toMatchObject({ count: 1 })
    expect(mailed()).toHaveLength(2)
  })

  it('LG-06: stays in the list while it is open, however many alarms there are after it', async () => {
    await knock(await forgery())
    const [open] = await openAlarms()
    const flood = (state: string, count: number) =>
      service.parts.shards.global
        .prepare(
          `WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < ?2)
           INSERT INTO alarms (id, fold_key, kind, severity, detail, count, first_at, last_at, acknowledged_at)
           SELECT 'a_' || ?1 || n, ?1 || n, 'token.forged', 'critical', '', 1, ?3 + n, ?3 + iif(?1 = 'open', 0, 200) + n, iif(?1 = 'open', NULL, ?3)
           FROM more`,
        )
        .bind(state, count, service.now)
        .run()
    await flood('open', 120)
    await flood('closed', 150)
    const listed = await listAlarms(service)
    await service.parts.shards.global.prepare("DELETE FROM alarms WHERE id GLOB 'a_[oc]*[0-9]'").run()
    expect(listed.map(({ id }) => id)).toContain(open?.id)
    expect(listed.filter(alarm => alarm.acknowledged_at !== null)).toHaveLength(100)
    expect(listed.filter(alarm => alarm.acknowledged_at === null)).toHaveLength(121)
    const times = listed.map(alarm => alarm.last_at)
    expect(times).toEqual(times.toSorted().toReversed())
  })

  it.each([
    ['markup and lines', '<script>alert(1)</script>\n{"event":"x"}'],
    ['a bucket', 'qN3vXWm2cT0b-_5yS8kZr1aDfG7hJpLoUiEwQtYxVzA'],
    ['a user for a client and a client for a user', ''],
  ])(
    'EB-06, EB-12: what has not the form of an id is neither in the alarm nor in the log: %s',
    async (_, lie) => {
      const errors = vi.spyOn(console, 'error').mockReturnValue()
      const sub = lie === '' ? mine.client_id : lie
      const client_id = lie === '' ? mine.user_id : lie
      await knock(await key.resign(mine.access_token, { sub, client_id }))
      expect((await openAlarms())[0]).toMatchObject({ client_id: null, user_id: null, count: 1 })
      const logged = errors.mock.calls.flat().join()
      expect(logged).toContain('token.forged')
      for (const said of [sub, client_id]) expect(logged).not.toContain(said)
    },
  )
})

describe('when alarms cannot be written', () => {
  it('EB-12, LG-06: a refusal stays a refusal, the log says so, and no count is lost', async () => {
    const errors = vi.spyOn(console, 'error').mockReturnValue()
    let isAway = true
    watch.refuses = sql => isAway && isAlarmWrite(sql)
    const before = await alarmCount(service)
    const answers = Promise.all([1, 2, 3, 4, 5].map(async number => knock(await forgery(number))))
    await until(() => expect(alarmWrites()).toBeGreaterThanOrEqual(2))
    expect(errors.mock.calls.flat().join()).toContain('alarm.not_stored')
    expect((await knock(mine.access_token)).status).toBe(200)
    isAway = false
    for (const answer of await answers) {
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ code: 'invalid_token' })
    }
    expect(await alarmCount(service)).toBe(before + 5)
  })

  it('LG-06: what was counted and not said so is counted once, whoever else counts meanwhile', async () => {
    const errors = vi.spyOn(console, 'error').mockReturnValue()
    let isLost = true
    const unlucky = createService(
      workerSeenThrough(async (sql, run) => {
        const results = await run()
        if (isLost && sql.some(isAlarmWrite)) throw new Error('D1_ERROR: the answer was lost')
        return results
      }),
    )
    unlucky.now = service.now
    const before = await alarmCount(service)
    const knockThere = async (number: number) =>
      unlucky.request('/ping/whoami', bearer(await forgery(number)))
    const answers = [knockThere(1)]
    await until(() => expect(errors.mock.calls.flat().join()).toContain('alarm.not_stored'))
    answers.push(knockThere(2))
    await knock(await forgery(3))
    isLost = false
    await Promise.all(answers)
    expect(await alarmCount(service)).toBe(before + 3)
  })

  it('EB-09: neither does a store that is away altogether let anybody in', async () => {
    watch.refuses = () => true
    for (const token of [mine.access_token, await forgery()]) {
      const response = await knock(token)
      expect(response.status).toBe(503)
      expect(response.headers.get('Retry-After')).not.toBeNull()
    }
  })
})
