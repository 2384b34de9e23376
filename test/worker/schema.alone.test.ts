// What the database refuses by itself, whoever writes.
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { decide } from '../../src/domain/decide.ts'
import { CLOCK_LEEWAY_SECONDS } from '../../src/domain/limits.ts'
import { retireBuckets } from '../../src/store/buckets.ts'
import { deleteOldRetirements } from '../../src/store/retirements.ts'
import { statements } from '../../src/store/statements.ts'
import { loadState } from '../../src/user/state.ts'
import { DB } from './support/databases.ts'
import {
  change,
  count,
  NO_LIMIT,
  NOW,
  newId,
  newUser,
  someDigest,
  someLinks,
  start,
} from './support/ledger.ts'

const ONE = { limit: 1, at_limit: 'replace_oldest' } as const

/** The batch of a writer who does not see the sessions that are there, with the log's right number. */
async function blindStart(userId: string, limit: number, clientId = 'ios') {
  const { lastSeq, user } = await loadState(DB, userId)
  const rule = { ...ONE, limit }
  const { events } = decide(
    { userId, user, sessions: [], consents: [], lastSeq, traces: [] },
    start({ rule }, clientId),
    NOW,
  )
  return statements(DB, userId, events, someLinks(events))
}

describe('CF-06: a rule is also a constraint of the database', () => {
  test('CF-06: a second session under limit 1, written around the object, is refused with all of its batch', async () => {
    const first = newId('s')
    const userId = await newUser(DB, [first])
    await expect(DB.batch(await blindStart(userId, 1))).rejects.toThrow('session_limit')
    expect(await loadState(DB, userId)).toMatchObject({ lastSeq: 1, sessions: [{ id: first }] })
    expect(await count(DB, 'entropy_buckets', 'user_id = ?', userId)).toBe(1)
    expect(await count(DB, 'user_events', 'user_id = ?', userId)).toBe(1)
  })

  test('CF-06: limit 2 takes two, another client and another user have places of their own', async () => {
    const userId = await newUser(DB, [newId('s')])
    await DB.batch(await blindStart(userId, 2))
    await expect(DB.batch(await blindStart(userId, 2))).rejects.toThrow('session_limit')
    await DB.batch(await blindStart(userId, 1, 'android'))
    await DB.batch(await blindStart(await newUser(DB), 1))
    expect(await count(DB, 'sessions', 'user_id = ?', userId)).toBe(3)
  })

  test('CF-06: twenty writers who all saw an empty list leave one session and a log without a gap', async () => {
    const userId = await newUser(DB)
    const batches = await Promise.all(Array.from({ length: 20 }, () => blindStart(userId, 1)))
    const results = await Promise.allSettled(batches.map(batch => DB.batch(batch)))
    expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
    expect(await loadState(DB, userId)).toMatchObject({ lastSeq: 1, sessions: [{ userId }] })
    expect(await count(DB, 'user_events', 'user_id = ?', userId)).toBe(1)
  })
})

describe('I8: the log is the fence', () => {
  test('I8: a number that is taken rolls back everything that came with it', async () => {
    const userId = await newUser(DB, [newId('s'), newId('s')])
    const stale = { ...(await loadState(DB, userId)), lastSeq: 1 }
    const { events } = decide(stale, start({ rule: NO_LIMIT }), NOW)
    await expect(DB.batch(statements(DB, userId, events, someLinks(events)))).rejects.toThrow(
      /UNIQUE.*user_events/,
    )
    expect(await count(DB, 'sessions', 'user_id = ?', userId)).toBe(2)
    expect(await count(DB, 'user_events', 'user_id = ?', userId)).toBe(2)
  })

  test('I3: an op_id is used once, by one user, and a second use writes nothing', async () => {
    const [userId, otherId] = [await newUser(DB), await newUser(DB)]
    const opId = `sign-in:${newId('i')}`
    await change(DB, userId, start({ opId }))
    for (const id of [userId, otherId])
      await expect(change(DB, id, start({ opId }))).rejects.toThrow(/UNIQUE.*user_events\.op_id/)
    expect(await count(DB, 'sessions', 'user_id IN (?, ?)', userId, otherId)).toBe(1)
  })

  test('I3: of 50 uses of one op_id that arrive together, one succeeds', async () => {
    const userId = await newUser(DB)
    const opId = `sign-in:${newId('i')}`
    const uses = await Promise.allSettled(
      Array.from({ length: 50 }, () => change(DB, userId, start({ opId }))),
    )
    expect(uses.filter(use => use.status === 'fulfilled')).toHaveLength(1)
    expect(await count(DB, 'sessions', 'user_id = ?', userId)).toBe(1)
  })

  test('I8: events that follow from another carry no op_id, and may be many', async () => {
    const userId = await newUser(DB, [newId('s'), newId('s'), newId('s')])
    const { events } = await change(DB, userId, start({ rule: ONE }))
    expect(events.map(event => event.opId === null)).toEqual([true, true, true, false])
    expect(await count(DB, 'user_events', 'user_id = ? AND first_seq = 4 AND seq = 7', userId)).toBe(1)
    expect(await count(DB, 'user_events', 'user_id = ? AND seq BETWEEN 4 AND 6', userId)).toBe(3)
  })
})

describe('I4: no token for a session that has ended', () => {
  const insertBucket = (userId: string, sessionId: string, generation: number) =>
    DB.prepare(
      `INSERT INTO entropy_buckets (session_id, generation, user_id, audience, issued_at, commitment, expires_at)
       VALUES (?, ?, ?, 'a', ?, ?, ?)`,
    ).bind(sessionId, generation, userId, NOW, someDigest(), NOW + 600)

  test('I4: a bucket for an unknown, an ended or another user’s session is refused with its batch', async () => {
    const [mine, ended] = [newId('s'), newId('s')]
    const userId = await newUser(DB, [mine, ended])
    const stranger = await newUser(DB)
    const by = { kind: 'operator' } as const
    const selection = { kind: 'one', sessionId: ended } as const
    await change(DB, userId, { type: 'end_sessions', opId: 'op', selection, reason: 'signed_out', by })
    for (const [user, session] of [
      [userId, newId('s')],
      [userId, ended],
      [stranger, mine],
    ] as const) {
      const touch = DB.prepare('UPDATE users SET disabled_at = 1 WHERE id = ?').bind(user)
      await expect(DB.batch([touch, insertBucket(user, session, 2)])).rejects.toThrow('session_gone')
    }
    expect(await count(DB, 'users', 'disabled_at = 1')).toBe(0)
    await insertBucket(userId, mine, 2).run()
    await expect(insertBucket(userId, mine, 2).run()).rejects.toThrow(/UNIQUE.*entropy_buckets/)
  })
})

describe('EB-11: the feed of retirements', () => {
  const feed = async (sessionId: string) =>
    (
      await DB.prepare(
        'SELECT seq, generation, retired_at FROM bucket_retirements WHERE session_id = ? ORDER BY seq',
      )
        .bind(sessionId)
        .all<{ seq: number; generation: number; retired_at: number }>()
    ).results

  test('EB-11: has exactly one entry for each retirement, whoever retires', async () => {
    const id = newId('s')
    await newUser(DB, [id])
    await retireBuckets(DB, [id], 'signed_out', NOW).run()
    expect(await feed(id)).toMatchObject([{ generation: 1, retired_at: NOW }])
    await retireBuckets(DB, [id], 'not_me', NOW + 1).run()
    await DB.prepare('UPDATE entropy_buckets SET retired_at = 9 WHERE session_id = ?').bind(id).run()
    await DB.prepare("UPDATE entropy_buckets SET retired_reason = 'x' WHERE session_id = ?").bind(id).run()
    expect(await feed(id)).toHaveLength(1)
  })

  test('SE-07: what another isolate’s clock may still take for unexpired is retired too', async () => {
    const id = newId('s')
    await newUser(DB, [id])
    const { expires_at } = (await DB.prepare('SELECT expires_at FROM entropy_buckets WHERE session_id = ?')
      .bind(id)
      .first<{ expires_at: number }>()) ?? { expires_at: 0 }
    await retireBuckets(DB, [id], 'signed_out', expires_at + CLOCK_LEEWAY_SECONDS - 1).run()
    expect(await feed(id)).toHaveLength(1)
  })

  test('EB-11: a retirement that is rolled back leaves no entry', async () => {
    const id = newId('s')
    await newUser(DB, [id])
    const fails = DB.prepare('INSERT INTO users (id, email, created_at) VALUES (NULL, NULL, NULL)')
    await expect(DB.batch([retireBuckets(DB, [id], 'signed_out', NOW), fails])).rejects.toThrow()
    expect(await feed(id)).toEqual([])
  })

  test('EB-11: numbers are never used again, also when old entries are removed', async () => {
    const id = newId('s')
    await newUser(DB, [id])
    await retireBuckets(DB, [id], 'signed_out', NOW).run()
    const last = (await feed(id)).at(-1)?.seq ?? 0
    await deleteOldRetirements(DB, NOW + 9_999, 1_000).run()
    expect(await count(DB, 'bucket_retirements')).toBe(1)
    const next = newId('s')
    await newUser(DB, [next])
    await retireBuckets(DB, [next], 'signed_out', NOW).run()
    expect((await feed(next)).map(entry => entry.seq)).toEqual([last + 1])
  })
})

test('the schema can be applied again on a database that has it, and changes nothing', async () => {
  const userId = await newUser(DB, [newId('s')])
  const before = await loadState(DB, userId)
  const { TEST_SCHEMA } = env as unknown as { TEST_SCHEMA: string[] }
  await DB.batch(TEST_SCHEMA.map(sql => DB.prepare(sql)))
  expect(await loadState(DB, userId)).toEqual(before)
})
