// The chain of a user's log: what was written holds, scrubbed or not; whatever is changed in the database is found.
import { beforeAll, describe, expect, it } from 'vitest'
import { DAY_SECONDS, LOG_CHECK_CHUNK_ENTRIES, RETENTION } from '../../src/domain/limits.ts'
import {
  insertEvents,
  type LinkedEvent,
  listLinkedEvents,
  storedEventOf,
} from '../../src/store/linked-events.ts'
import { LOG_START, sweepLog } from '../../src/store/log-sweep.ts'
import { linkEvents } from '../../src/tokens/event-chain.ts'
import { createSecrets } from '../../src/tokens/secrets.ts'
import { admin, createService, freshAddress } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'
import { storedEvents } from './support/stored.ts'

const service = createService()
const operate = (path: string, method = 'POST') =>
  service.request(`/admin/v1${path}`, admin(service, { method }))

interface Check {
  readonly intact: boolean
  readonly entries: number
  readonly chained_from: number | null
  readonly first_broken_seq: number | null
  readonly head: { readonly seq: number; readonly digest: string | null } | null
}
const check = async (userId: string): Promise<Check> => {
  const answer = await operate(`/users/${userId}/log-check`, 'GET')
  expect(answer.status).toBe(200)
  return answer.json()
}
const sql = (userId: string, text: string, ...values: unknown[]) =>
  service.parts.shards
    .of(userId)
    .prepare(text)
    .bind(...values)
    .run()

const LINK = 'digest, details_digest, details_salt'

let client_id: string
beforeAll(async () => {
  ;({ client_id } = await createClient(service))
})

/** 1 created, 2 ended, 3 created, 4 ended, 5 disabled, 6 enabled, 7 created */
async function userWithLog(): Promise<string> {
  const email = freshAddress()
  const { user_id } = await signIn(service, client_id, email, {
    device_name: 'Ann’s\u2028\ud83d\ude00 phone',
  })
  await signIn(service, client_id, email)
  await operate(`/users/${user_id}/disable`)
  await operate(`/users/${user_id}/enable`)
  await signIn(service, client_id, email)
  return user_id
}

describe('GET /admin/v1/users/{id}/log-check', () => {
  let userId: string
  beforeAll(async () => {
    userId = await userWithLog()
  })
  /** The log as it was, whatever a test did to it. */
  async function tampered(...statements: [text: string, ...values: unknown[]][]): Promise<Check> {
    const db = service.parts.shards.of(userId)
    const { results } = await db.prepare('SELECT * FROM user_events WHERE user_id = ?').bind(userId).all()
    try {
      for (const [text, ...values] of statements) await sql(userId, text, ...values)
      return await check(userId)
    } finally {
      const columns = Object.keys(results[0] ?? {})
      const insert = `INSERT INTO user_events (${columns}) VALUES (${columns.map(() => '?')})`
      await db.batch([
        db.prepare('DELETE FROM user_events WHERE user_id = ?').bind(userId),
        ...results.map(row => db.prepare(insert).bind(...Object.values(row))),
      ])
    }
  }
  const at = (seq: number) => `WHERE user_id = '${userId}' AND seq = ${seq}`

  it('I8: every entry is bound to the one before, from the first on; its head is the newest', async () => {
    const events = await storedEvents(service, userId)
    expect(events.length).toBe(7)
    const found = await check(userId)
    expect(found).toEqual({
      intact: true,
      entries: 7,
      chained_from: 1,
      first_broken_seq: null,
      head: { seq: 7, digest: expect.stringMatching(/^[\w-]{43}$/) },
    })
    await operate(`/users/${userId}/revoke-sessions`)
    const later = await check(userId)
    expect(later).toMatchObject({ intact: true, entries: 8 })
    expect(later.head?.digest).not.toBe(found.head?.digest)
    expect((await operate('/users/u_aaAAAAAAAAAAAAAAAAAAAAAA/log-check', 'GET')).status).toBe(404)
  })

  it.each([
    ['type', "type = 'user.enabled'", 5],
    ['time', 'at = at - 1', 3],
    ['reason', "reason = 'signed_out'", 2],
    ['actor', `actor = '{"kind":"system"}'`, 5],
    ['session', "session_id = 's_aaAAAAAAAAAAAAAAAAAAAAAA'", 3],
    ['client', "client_id = 'other'", 3],
    ['operation', "op_id = 'other-' || op_id", 5],
    ['its change', 'first_seq = 1', 5],
    ['device', `device = '{"name":null,"kind":"phone","os":null,"browser":null}'`, 3],
    ['place', `place = '{"country":"CH","city":null}'`, 1],
    ['marks', `marks = '[]'`, 1],
    ['device alone taken away', 'device = NULL', 2],
    ['salt alone taken away', 'details_salt = NULL', 1],
    ['details where none were', `device = '{}'`, 5],
    [
      'details scrubbed before their time',
      'device = NULL, place = NULL, marks = NULL, details_salt = NULL',
      3,
    ],
    ['digest', "digest = replace(digest, substr(digest, 1, 1), '_')", 3],
    ['digest taken away', 'digest = NULL', 3],
  ])('LG-06: a changed entry is found: %s', async (_, change, seq) => {
    const found = await tampered([`UPDATE user_events SET ${change} ${at(seq)}`])
    expect(found).toMatchObject({
      intact: false,
      entries: seq - 1,
      first_broken_seq: seq,
      head: seq === 1 ? null : { seq: seq - 1 },
    })
  })

  it('LG-06: entries that are missing, moved, exchanged, another user’s, or made without the key are found', async () => {
    const move = (from: number, to: number): [string] => [`UPDATE user_events SET seq = ${to} ${at(from)}`]
    const broken = async (...statements: [string, ...unknown[]][]) =>
      (await tampered(...statements)).first_broken_seq
    expect(await broken([`DELETE FROM user_events ${at(4)}`])).toBe(4)
    expect(await broken([`DELETE FROM user_events ${at(1)}`])).toBe(1)
    // The gap closed behind it.
    expect(
      await broken([`DELETE FROM user_events ${at(4)}`], move(5, 4), move(6, 5), move(7, 6), move(8, 7)),
    ).toBe(4)
    expect(await broken([`DELETE FROM user_events WHERE user_id = '${userId}'`])).toBe(1)
    expect(await broken(move(5, 99), move(6, 5), move(99, 6))).toBe(5)
    expect(
      await broken([`UPDATE user_events SET digest = NULL WHERE user_id = '${userId}' AND seq <= 3`]),
    ).toBe(4)

    const others = await userWithLog()
    const [first] = await listLinkedEvents(service.parts.shards.of(userId), userId, 0, 1)
    const [forged] = await linkEvents(createSecrets(['x'], ['y']), userId, null, [first as LinkedEvent])
    const link = [forged?.digest, forged?.details_digest, forged?.details_salt]
    expect(await broken([`UPDATE user_events SET (${LINK}) = (?, ?, ?) ${at(1)}`, ...link])).toBe(1)
    // Rows of another log that holds, as they are.
    const [theirs] = await listLinkedEvents(service.parts.shards.of(others), others, 0, 1)
    const { op_id: _, ...row } = theirs as LinkedEvent
    const columns = Object.keys(row)
    const set = `UPDATE user_events SET (${columns}) = (${columns.map(() => '?')}) ${at(1)}`
    expect(await broken([set, ...Object.values(row)])).toBe(1)
    expect(await check(userId)).toMatchObject({ intact: true })
  })

  it('LG-06, LG-04: details that have gone in time leave the chain whole, and nothing by which they could be tried', async () => {
    const later = createService()
    later.now = service.now + (RETENTION.LOG_DETAILS_DAYS.usual + 1) * DAY_SECONDS
    const db = service.parts.shards.of(userId)
    const all = await listLinkedEvents(db, userId, 0, 100)
    const stale = all.map(({ seq }) => ({ userId, seq, isStale: true, isOrphan: false }))
    await sweepLog(db, stale, { after: LOG_START, begunAt: 0 })
    await db.prepare('DELETE FROM log_sweep').run()
    const path = `/admin/v1/users/${userId}/log-check`
    const scrubbed = await later.request(path, admin(later))
    expect(await scrubbed.json()).toMatchObject({ intact: true, entries: all.length })
    // Of that very second, or where they are kept for longer, they have gone too early.
    later.now = service.now + RETENTION.LOG_DETAILS_DAYS.usual * DAY_SECONDS
    const early = await later.request(path, admin(later))
    expect(await early.json()).toMatchObject({ first_broken_seq: 1 })
    later.now += DAY_SECONDS
    const keeper = createService({ LOG_DETAILS_DAYS: RETENTION.LOG_DETAILS_DAYS.usual + 2 })
    keeper.now = later.now
    expect(await (await keeper.request(path, admin(keeper))).json()).toMatchObject({ first_broken_seq: 1 })
    for (const entry of await listLinkedEvents(db, userId, 0, 100)) {
      expect([entry.device, entry.place, entry.marks, entry.details_salt]).toEqual([null, null, null, null])
    }
    // What is left of them is still bound.
    await sql(userId, `UPDATE user_events SET reason = 'signed_out' ${at(2)}`)
    expect(await (await later.request(path, admin(later))).json()).toMatchObject({ first_broken_seq: 2 })
  })

  it('I8, LG-06: entries without digests, older than those or robbed of them, are proven by nothing: the chain begins with the next one', async () => {
    const email = freshAddress()
    const { user_id } = await signIn(service, client_id, email)
    await sql(user_id, `UPDATE user_events SET (${LINK}) = (NULL, NULL, NULL) WHERE user_id = ?`, user_id)
    expect(await check(user_id)).toEqual({
      intact: false,
      entries: 1,
      chained_from: null,
      first_broken_seq: null,
      head: { seq: 1, digest: null },
    })
    await signIn(service, client_id, email)
    expect(await check(user_id)).toMatchObject({
      intact: false,
      entries: 3,
      chained_from: 2,
      first_broken_seq: null,
    })
    await sql(user_id, "UPDATE user_events SET reason = 'signed_out' WHERE user_id = ? AND seq = 2", user_id)
    expect(await check(user_id)).toMatchObject({ intact: false, first_broken_seq: 2 })
  })

  it('LG-06: a log that was cut off and went on holds, and only a head that was kept tells', async () => {
    const email = freshAddress()
    const { user_id } = await signIn(service, client_id, email)
    await signIn(service, client_id, email)
    const kept = (await check(user_id)).head
    expect(kept?.seq).toBe(3)
    await sql(user_id, 'DELETE FROM user_events WHERE user_id = ? AND seq > 1', user_id)
    await sql(user_id, 'DELETE FROM sessions WHERE user_id = ?', user_id)
    for (const _ of ['two', 'three', 'four']) await signIn(service, client_id, email)
    expect(await check(user_id)).toMatchObject({ intact: true, chained_from: 1, first_broken_seq: null })
    const log = await listLinkedEvents(service.parts.shards.of(user_id), user_id, 0, 100)
    expect(log.find(({ seq }) => seq === kept?.seq)?.digest).toEqual(
      expect.not.stringMatching(`${kept?.digest}`),
    )
  })

  it('LG-06: a log of any length is checked to its end, a chunk at a time', async () => {
    const { user_id } = await signIn(service, client_id, freshAddress())
    const { head } = await check(user_id)
    const events = Array.from({ length: 2 * LOG_CHECK_CHUNK_ENTRIES }, (_, index) => ({
      type: 'user.enabled' as const,
      seq: index + 2,
      opId: null,
      firstSeq: null,
      at: service.now,
      by: { kind: 'operator' as const },
    }))
    const { shards, secrets } = service.parts
    const links = await linkEvents(secrets, user_id, head?.digest ?? null, events.map(storedEventOf))
    await insertEvents(shards.of(user_id), user_id, events, links).run()
    const length = events.length + 1
    expect(await check(user_id)).toMatchObject({ intact: true, entries: length, head: { seq: length } })
    await sql(user_id, 'UPDATE user_events SET at = at + 1 WHERE user_id = ? AND seq = ?', user_id, length)
    expect(await check(user_id)).toMatchObject({ intact: false, first_broken_seq: length })
  })
})
