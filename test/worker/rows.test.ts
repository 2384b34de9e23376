// Cost is counted in rows, by D1's own meta: the one performance figure without noise.
import { describe, expect, test } from 'vitest'
import { shardTag, taggedId } from '../../src/domain/ids.ts'
import { findBucket } from '../../src/store/buckets.ts'
import { rotate } from '../../src/store/rotation.ts'
import { selectSession, touchSession } from '../../src/store/sessions.ts'
import { DB } from './support/databases.ts'
import {
  change,
  type Metered,
  metered,
  NO_LIMIT,
  NOW,
  newId,
  newUser,
  someDigest,
  start,
  sumOf,
} from './support/ledger.ts'

const ONE = { limit: 1, at_limit: 'replace_oldest' } as const

/** The rows of what is written only: what is read before a decision is counted by itself. */
async function costOf(work: (db: D1Database) => Promise<unknown>): Promise<Metered['rows']> {
  const { db, rows } = metered(DB)
  await work(db)
  return rows
}
const written = async (work: (db: D1Database) => Promise<unknown>) => sumOf(await costOf(work), 'written')

// Every figure is exact: one more is a decision, not an accident.
describe('rows written', () => {
  test('a sign-in writes 4 rows, 6 with its new user', async () => {
    const userId = await newUser(DB)
    expect(await written(db => change(db, userId, start()))).toBe(4)
    const command = start({ newUser: { email: `${newId('u')}@x.test` } })
    expect(await written(db => change(db, newId('u'), command))).toBe(6)
  })

  test('a browser session, which has no token, writes 3', async () => {
    const userId = await newUser(DB)
    expect(await written(db => change(db, userId, start({ bucket: null })))).toBe(3)
  })

  test.each([1, 2, 5])('replacing %i sessions adds 4 rows each', async replaced => {
    const userId = await newUser(
      DB,
      Array.from({ length: replaced }, () => newId('s')),
    )
    expect(await written(db => change(db, userId, start({ rule: ONE })))).toBeLessThanOrEqual(
      4 + 4 * replaced,
    )
  })

  test('ending a session writes 5 rows, and each one more adds 4', async () => {
    const [caller, ...others] = Array.from({ length: 4 }, () => newId('s')) as [string, ...string[]]
    const userId = await newUser(DB, [caller, ...others])
    const by = { kind: 'session', session_id: caller } as const
    const end = { type: 'end_sessions', reason: 'ended_by_user', by } as const
    const one = { ...end, opId: newId('i'), selection: { kind: 'one', sessionId: others[0] ?? '' } } as const
    expect(await written(db => change(db, userId, one))).toBe(5)
    const rest = { ...end, opId: newId('i'), selection: { kind: 'others', clientId: null } } as const
    expect(await written(db => change(db, userId, rest))).toBe(5 + 4)
  })

  test('ML-16: disowning a session writes 6 rows, the next one 5; the sign-in that answers for it 5, then 4', async () => {
    const ids = [newId('s'), newId('s')]
    const userId = await newUser(DB, ids)
    const end = { type: 'end_sessions', reason: 'not_me', by: { kind: 'notice' } } as const
    const costs: number[] = []
    for (const sessionId of ids) {
      const one = { ...end, opId: newId('i'), selection: { kind: 'one', sessionId } } as const
      costs.push(await written(db => change(db, userId, one)))
    }
    for (const way of ['email_code', 'email_link'] as const) {
      const command = start({ address: `${userId}@x.test` })
      const session = { ...command.session, signedInWith: [way] }
      costs.push(await written(db => change(db, userId, { ...command, session })))
    }
    expect(costs).toEqual([6, 5, 5, 4])
  })

  test('a refresh writes 4 rows, made again it writes none, and it reads few', async () => {
    const sessionId = newId('s')
    const userId = await newUser(DB)
    const command = start({}, 'ios', sessionId)
    await change(DB, userId, command)
    const rotation = {
      userId,
      sessionId,
      generation: 1,
      presentedDigest: command.session.secretDigest,
      successorDigest: someDigest(),
      sealedSuccessor: 'sealed',
      bucket: { audience: 'https://auth.test', commitment: someDigest(), expiresAt: NOW + 900 },
      expiresAt: NOW + 500,
      now: NOW + 1,
      lastSeenMs: 0,
    }
    const rows = await costOf(db => rotate(db, rotation))
    expect(sumOf(rows, 'written')).toBe(4)
    expect(sumOf(rows, 'read')).toBeLessThanOrEqual(12)
    expect(await written(db => rotate(db, rotation))).toBe(0)
  })

  test('a refresh late in a session of many refreshes costs what the first did', async () => {
    const sessionId = newId('s')
    const userId = await newUser(DB)
    const command = start({}, 'ios', sessionId)
    await change(DB, userId, command)
    let presentedDigest = command.session.secretDigest
    const costs: { written: number; read: number }[] = []
    for (let generation = 1; generation <= 40; generation++) {
      const successorDigest = someDigest()
      const bucket = { audience: 'https://auth.test', commitment: someDigest(), expiresAt: NOW + 900 }
      const rotation = { userId, sessionId, generation, presentedDigest, successorDigest, bucket }
      const rows = await costOf(db =>
        rotate(db, { ...rotation, sealedSuccessor: 'x', expiresAt: NOW + 500, now: NOW + 1, lastSeenMs: 0 }),
      )
      costs.push({ written: sumOf(rows, 'written'), read: sumOf(rows, 'read') })
      presentedDigest = successorDigest
    }
    expect(new Set(costs.map(cost => cost.written)).size).toBe(1)
    // Until they expire, the buckets of the session are looked through.
    expect(costs.at(-1)?.read).toBeLessThanOrEqual((costs[0]?.read ?? 0) + 2 * 40)
  })

  test('a last activity writes 1 row', async () => {
    const id = newId('s')
    const userId = await newUser(DB, [id])
    expect(
      await written(db =>
        touchSession(db, { userId, id }, { lastSeenAt: NOW + 1, lastSeenMs: 0, expiresAt: NOW + 9 }).run(),
      ),
    ).toBe(1)
  })
})

describe('rows read', () => {
  test('SE-04: a strong validation reads exactly 1 row and writes none, however many there are', async () => {
    const ids = Array.from({ length: 5 }, () => newId('s'))
    await newUser(DB, ids)
    const rows = await costOf(db => findBucket(db, ids[2] ?? '', 1))
    expect(rows).toMatchObject([{ read: 1, written: 0 }])
    expect(
      await costOf(db => findBucket(db, taggedId('s', shardTag(0), new Uint8Array(16)), 1)),
    ).toMatchObject([{ written: 0 }])
  })

  test('SE-04: a browser session is found by reading 1 row', async () => {
    const ids = Array.from({ length: 5 }, () => newId('s'))
    const userId = await newUser(DB, ids)
    expect(await costOf(db => selectSession(db, userId, ids[2] ?? '').all())).toMatchObject([
      { read: 1, written: 0 },
    ])
  })

  test('a sign-in reads what the user has, not what others have', async () => {
    for (let other = 0; other < 5; other++) await newUser(DB, [newId('s'), newId('s')])
    const userId = await newUser(DB, [newId('s')])
    const rows = await costOf(db => change(db, userId, start({ rule: NO_LIMIT })))
    expect(sumOf(rows, 'read')).toBeLessThanOrEqual(16)
  })
})
