import { describe, expect, test } from 'vitest'
import { judgeRefresh } from '../../src/domain/refresh.ts'
import { retireBuckets } from '../../src/store/buckets.ts'
import { type Rotation, rotate } from '../../src/store/rotation.ts'
import { deleteSessions } from '../../src/store/sessions.ts'
import { DB } from './support/databases.ts'
import { change, NOW, newId, newUser, someDigest, start } from './support/ledger.ts'

const AUDIENCE = 'https://auth.test'

/** A session at generation 1, and the rotation that its refresh token asks for. */
async function newSession(expiresAt?: number) {
  const sessionId = newId('s')
  const userId = await newUser(DB)
  const presentedDigest = someDigest()
  const command = start({}, 'ios', sessionId)
  await change(DB, userId, { ...command, session: { ...command.session, secretDigest: presentedDigest } })
  if (expiresAt !== undefined)
    await DB.prepare('UPDATE sessions SET expires_at = ? WHERE id = ?').bind(expiresAt, sessionId).run()
  const attempt = (changes: Partial<Rotation> = {}): Rotation => ({
    userId,
    sessionId,
    generation: 1,
    presentedDigest,
    successorDigest: someDigest(),
    sealedSuccessor: 'sealed',
    bucket: { audience: AUDIENCE, commitment: someDigest(), expiresAt: NOW + 900 },
    expiresAt: NOW + 500,
    now: NOW + 1,
    lastSeenMs: 0,
    ...changes,
  })
  return { userId, sessionId, attempt }
}

const bucketsOf = async (sessionId: string) =>
  (
    await DB.prepare(
      `SELECT generation, audience, commitment, issued_at, expires_at, retired_at, retired_reason
       FROM entropy_buckets WHERE session_id = ? ORDER BY generation`,
    )
      .bind(sessionId)
      .all<Record<string, unknown>>()
  ).results

const sessionOf = (sessionId: string) =>
  DB.prepare('SELECT * FROM sessions WHERE id = ?').bind(sessionId).first<Record<string, unknown>>()

const retirementsOf = async (sessionId: string) =>
  (
    await DB.prepare('SELECT generation FROM bucket_retirements WHERE session_id = ? ORDER BY seq')
      .bind(sessionId)
      .all()
  ).results

/** Everything that a rotation could have changed. */
const traceOf = async (sessionId: string) => [
  await sessionOf(sessionId),
  await bucketsOf(sessionId),
  await retirementsOf(sessionId),
]

const end = (userId: string, sessionId: string) =>
  change(
    DB,
    userId,
    {
      type: 'end_sessions',
      opId: `end:${sessionId}`,
      selection: { kind: 'one', sessionId },
      reason: 'signed_out',
      by: { kind: 'session', session_id: sessionId },
    },
    NOW + 1,
  )

describe('RF-01: a rotation', () => {
  test('RF-01: moves the session on, retires the former bucket and makes the next', async () => {
    const { sessionId, attempt } = await newSession()
    const rotation = attempt()
    expect(await rotate(DB, rotation)).toEqual({
      generation: 2,
      secretDigest: rotation.successorDigest,
      sealedSuccessor: 'sealed',
      expiresAt: NOW + 500,
      spentAt: NOW + 1,
    })
    expect(await sessionOf(sessionId)).toMatchObject({
      last_seen_at: NOW + 1,
      expires_at: NOW + 500,
      generation: 2,
    })
    expect(await bucketsOf(sessionId)).toMatchObject([
      { generation: 1, retired_at: NOW + 1, retired_reason: 'rotated' },
      {
        generation: 2,
        retired_at: null,
        commitment: rotation.bucket.commitment,
        issued_at: NOW + 1,
        expires_at: NOW + 900,
      },
    ])
    expect(await retirementsOf(sessionId)).toEqual([{ generation: 1 }])
  })

  test('RF-01: made again, because its answer was lost, changes nothing and answers the same', async () => {
    const { sessionId, attempt } = await newSession()
    const rotation = attempt()
    const first = await rotate(DB, rotation)
    const trace = await traceOf(sessionId)
    expect(await rotate(DB, { ...rotation, now: NOW + 2 })).toEqual(first)
    expect(await traceOf(sessionId)).toEqual(trace)
  })

  const wrong: [string, Partial<Rotation>][] = [
    ['another digest', { presentedDigest: someDigest() }],
    ['a generation to come', { generation: 2 }],
    ['no generation yet', { generation: 0 }],
    ['another user', { userId: newId('u') }],
  ]
  test.each(wrong)('RF-01: with %s changes nothing', async (_, changes) => {
    const { sessionId, attempt } = await newSession()
    const trace = await traceOf(sessionId)
    await rotate(DB, attempt(changes))
    expect(await traceOf(sessionId)).toEqual(trace)
  })

  test.each([NOW, NOW + 1])('RF-05: of a session that expired at %i changes nothing', async expiresAt => {
    const { sessionId, attempt } = await newSession(expiresAt)
    const trace = await traceOf(sessionId)
    const row = await rotate(DB, attempt())
    expect(row).toMatchObject({ generation: 1, expiresAt })
    expect(judgeRefresh(row, { generation: 1 }, false, 10, NOW + 1)).toEqual({
      tag: 'refused',
      why: 'expired',
    })
    expect(await traceOf(sessionId)).toEqual(trace)
  })
})

describe('RF-03: simultaneous use', () => {
  test('RF-03: of 50 rotations of one generation, exactly one has a successor', async () => {
    const { sessionId, attempt } = await newSession()
    const attempts = Array.from({ length: 50 }, (_, index) => attempt({ sealedSuccessor: `sealed ${index}` }))
    const rows = await Promise.all(attempts.map(rotation => rotate(DB, rotation)))
    const verdicts = rows.map((row, index) =>
      judgeRefresh(
        row,
        { generation: 1 },
        row?.secretDigest === attempts[index]?.successorDigest,
        10,
        NOW + 1,
      ),
    )
    const winner = verdicts.findIndex(verdict => verdict.tag === 'rotated')
    expect(verdicts.filter(verdict => verdict.tag === 'rotated')).toHaveLength(1)
    const others = verdicts.filter((_, index) => index !== winner)
    expect(others).toEqual(Array(49).fill({ tag: 'same_successor', sealed: `sealed ${winner}` }))
    expect(await sessionOf(sessionId)).toMatchObject({
      generation: 2,
      secret_digest: attempts[winner]?.successorDigest,
    })
    expect(await bucketsOf(sessionId)).toMatchObject([
      { generation: 1, retired_reason: 'rotated' },
      { generation: 2, retired_at: null, commitment: attempts[winner]?.bucket.commitment },
    ])
    expect(await retirementsOf(sessionId)).toHaveLength(1)
  })

  test('RF-03: two rotations of two generations that arrive together never leave two live buckets', async () => {
    const { sessionId, attempt } = await newSession()
    const first = attempt()
    const second = attempt({ generation: 2, presentedDigest: first.successorDigest })
    await Promise.all([rotate(DB, first), rotate(DB, second), rotate(DB, first), rotate(DB, second)])
    const live = (await bucketsOf(sessionId)).filter(bucket => bucket.retired_at === null)
    expect(live).toHaveLength(1)
    expect(await sessionOf(sessionId)).toMatchObject({ generation: live[0]?.generation })
  })
})

describe('RF-02: a spent token', () => {
  test('RF-02: is told apart from the row: in its grace, spent with its successor, reused', async () => {
    const { attempt } = await newSession()
    const first = attempt()
    await rotate(DB, first)
    const again = (now: number, generation = 1) => rotate(DB, attempt({ generation, now }))
    const judged = async (now: number) => judgeRefresh(await again(now), { generation: 1 }, false, 10, now)
    expect(await judged(NOW + 11)).toEqual({ tag: 'same_successor', sealed: 'sealed' })
    expect(await judged(NOW + 12)).toEqual({ tag: 'reused' })
    await rotate(DB, attempt({ generation: 2, presentedDigest: first.successorDigest }))
    expect(await judged(NOW + 10)).toEqual({ tag: 'refused', why: 'successor_used' })
    expect(await judged(NOW + 12)).toEqual({ tag: 'reused' })
  })
})

describe('I4: against the end of the session', () => {
  test('I4: a rotation after the end finds no session and makes no bucket, also when it is tried again', async () => {
    const { userId, sessionId, attempt } = await newSession()
    const made = attempt()
    await rotate(DB, made)
    await end(userId, sessionId)
    const trace = await traceOf(sessionId)
    expect(await rotate(DB, attempt({ generation: 2, presentedDigest: made.successorDigest }))).toBeNull()
    expect(await rotate(DB, made)).toBeNull()
    expect(await traceOf(sessionId)).toEqual(trace)
    expect(await bucketsOf(sessionId)).toMatchObject([
      { generation: 1, retired_reason: 'rotated' },
      { generation: 2, retired_reason: 'signed_out' },
    ])
  })

  test('I4: whichever comes first, nothing is left alive, 30 times', async () => {
    for (let round = 0; round < 30; round++) {
      const { userId, sessionId, attempt } = await newSession()
      // Written as the object writes it, without the reading before: so that both really meet.
      const ending = () =>
        DB.batch([
          deleteSessions(DB, userId, [sessionId]),
          retireBuckets(DB, [sessionId], 'signed_out', NOW + 1),
        ])
      const rotating = () => rotate(DB, attempt())
      await Promise.all(round % 2 === 0 ? [rotating(), ending(), rotating()] : [ending(), rotating()])
      expect(await sessionOf(sessionId)).toBeNull()
      expect((await bucketsOf(sessionId)).filter(bucket => bucket.retired_at === null)).toEqual([])
    }
  })
})

test('RF-03, RF-04: a refresh that is the second of its generation retires no token of the resource that it is for', async () => {
  const { sessionId, attempt } = await newSession()
  const audience = 'https://api.test'
  await rotate(DB, attempt({ bucket: { audience, commitment: someDigest(), expiresAt: NOW + 900 } }))
  const trace = await traceOf(sessionId)
  await rotate(DB, attempt())
  expect(await traceOf(sessionId)).toEqual(trace)
  expect(await bucketsOf(sessionId)).toMatchObject([
    { generation: 1, audience: AUDIENCE, retired_at: null },
    { generation: 2, audience, retired_at: null },
  ])
})

test('RF-04: a refresh for one resource retires the former token of that resource only', async () => {
  const { userId, sessionId, attempt } = await newSession()
  let former: Rotation | null = null
  for (const audience of ['https://api.test', AUDIENCE, 'https://api.test']) {
    const generation: number = former === null ? 1 : former.generation + 1
    const bucket = { audience, commitment: someDigest(), expiresAt: NOW + 900 }
    former = attempt({ generation, bucket, ...(former && { presentedDigest: former.successorDigest }) })
    await rotate(DB, former)
  }
  const live = async () =>
    (await bucketsOf(sessionId)).filter(bucket => bucket.retired_at === null).map(bucket => bucket.generation)
  expect(await live()).toEqual([3, 4])
  expect(await retirementsOf(sessionId)).toEqual([{ generation: 1 }, { generation: 2 }])
  await end(userId, sessionId)
  expect(await live()).toEqual([])
  expect(await retirementsOf(sessionId)).toHaveLength(4)
})
