// The rows that follow from an event are what the model says of it: random lives of two users, side by side in one
// database, compared after every step.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Command, UserState } from '../../src/domain/commands.ts'
import type { UserEvent } from '../../src/domain/events.ts'
import { DAY_SECONDS } from '../../src/domain/limits.ts'
import type { Session } from '../../src/domain/session.ts'
import { listEvents } from '../../src/store/events.ts'
import { statements } from '../../src/store/statements.ts'
import { loadState } from '../../src/user/state.ts'
import { apply, aUser } from '../unit/model.ts'
import { anyStep, pick, touched } from '../unit/steps.ts'
import { DB } from './support/databases.ts'
import { change, NOW, newId, newUser, someDigest, start } from './support/ledger.ts'

const byId = (a: Session, b: Session) => (a.id < b.id ? -1 : 1)
const sorted = (state: UserState) => ({ ...state, sessions: [...state.sessions].sort(byId) })

/** With a token that outlives the test, so that every end has something to retire. */
const withBucket = (command: Command): Command =>
  command.type === 'start_session'
    ? { ...command, bucket: { audience: 'a', commitment: someDigest(), expiresAt: NOW + 365 * DAY_SECONDS } }
    : command

const touch = (userId: string, id: string, now: number) =>
  DB.prepare('UPDATE sessions SET last_seen_at = ? WHERE user_id = ? AND id = ?').bind(now, userId, id).run()

async function bucketsOf(userId: string) {
  const rows = await DB.prepare(
    'SELECT session_id, retired_at, retired_reason FROM entropy_buckets WHERE user_id = ?',
  )
    .bind(userId)
    .all<{ session_id: string; retired_at: number | null; retired_reason: string | null }>()
  return rows.results
}

const anyLife = fc.array(fc.tuple(fc.nat({ max: 1 }), anyStep), { minLength: 5, maxLength: 14 })

test('I8: rows and model agree after every change, and a user’s changes touch no other user', async () => {
  await fc.assert(
    fc.asyncProperty(anyLife, async life => {
      const run = newId('i')
      const states = [await newUser(DB), await newUser(DB)].map((userId): UserState => {
        const state = aUser()
        return { ...state, userId, user: state.user && { ...state.user, email: `${userId}@x.test` } }
      })
      let now = NOW
      for (const [index, [who, step]] of life.entries()) {
        now += step.wait * DAY_SECONDS
        const state = states[who] ?? aUser()
        const used = touched(state, pick(state, step.touch), now)
        await touch(state.userId, pick(state, step.touch), now)
        const command = withBucket(step.command(used, `${run}-${index}`))
        const { events } = await change(DB, state.userId, command, now)
        states[who] = apply(used, events)
        await expectRows(states[who])
      }
      for (const state of states) await expectRows(state)
    }),
    { numRuns: 10 },
  )
})

async function expectRows(state: UserState): Promise<void> {
  const { lastDigest: _, ...stored } = await loadState(DB, state.userId, 1_000)
  expect(sorted(stored)).toEqual(sorted(state))
  const log = await listEvents(DB, state.userId, null, 1_000)
  expect(log.map(event => event.seq)).toEqual(log.map((_, index) => state.lastSeq - index))
  const reasons = new Map(
    log.filter(event => event.type === 'session.ended').map(event => [event.sessionId, event]),
  )
  const live = new Set(state.sessions.map(session => session.id))
  const buckets = await bucketsOf(state.userId)
  expect(buckets).toHaveLength(log.filter(event => event.type === 'session.created').length)
  for (const { session_id, retired_at, retired_reason } of buckets) {
    const end = reasons.get(session_id)
    expect(live.has(session_id)).toBe(end === undefined)
    expect([retired_at, retired_reason]).toEqual([end?.at ?? null, end?.reason ?? null])
  }
}

test('SE-13: disabled and enabled again, a user has the rows of each, and the log of both', async () => {
  const userId = await newUser(DB, [newId('s'), newId('s')])
  await change(DB, userId, { type: 'set_disabled', opId: newId('i'), disabled: true })
  expect(await loadState(DB, userId)).toMatchObject({ user: { disabledAt: NOW }, sessions: [], lastSeq: 5 })
  await change(DB, userId, { type: 'set_disabled', opId: newId('i'), disabled: false })
  expect(await loadState(DB, userId)).toMatchObject({ user: { disabledAt: null }, sessions: [], lastSeq: 6 })
  expect((await listEvents(DB, userId, null, 3)).map(event => event.type)).toEqual([
    'user.enabled',
    'user.disabled',
    'session.ended',
  ])
})

test('SE-09: in the rows too, all others of this client are ended, and no session of another client or user', async () => {
  const clients = ['ios', 'android', 'photos']
  const [userId, strangerId] = [await newUser(DB), await newUser(DB)]
  const ids = new Map<string, string>()
  for (const user of [userId, strangerId])
    for (const clientId of clients)
      for (const device of [1, 2, 3]) {
        const id = newId('s')
        ids.set(`${user === userId ? 'mine' : 'theirs'} ${clientId} ${device}`, id)
        await change(DB, user, start({}, clientId, id))
      }
  const { result } = await change(DB, userId, {
    type: 'end_sessions',
    opId: newId('i'),
    selection: { kind: 'others', clientId: 'android' },
    reason: 'ended_by_user',
    by: { kind: 'session', session_id: ids.get('mine android 2') ?? '' },
  })
  const ended = ['mine android 1', 'mine android 3'].map(name => ids.get(name))
  expect(new Set(result.tag === 'ended' ? result.sessions : [])).toEqual(new Set(ended))
  const rows = await DB.prepare('SELECT id FROM sessions WHERE user_id IN (?, ?)')
    .bind(userId, strangerId)
    .all<{ id: string }>()
  const left = [...ids.values()].filter(id => !ended.includes(id))
  expect(rows.results.map(row => row.id).sort()).toEqual(left.sort())
  const retired = [...(await bucketsOf(userId)), ...(await bucketsOf(strangerId))].filter(
    row => row.retired_at !== null,
  )
  expect(retired.map(row => row.session_id).sort()).toEqual([...ended].sort())
})

test('SE-14: ending a thousand sessions is as many statements as ending one', () => {
  const events = Array.from(
    { length: 1_000 },
    (_, index): UserEvent => ({
      type: 'session.ended',
      seq: index + 1,
      opId: index === 999 ? 'op' : null,
      firstSeq: index === 999 ? 1 : null,
      at: NOW,
      by: { kind: 'operator' },
      sessionId: newId('s'),
      clientId: 'ios',
      reason: 'ended_by_operator',
      device: { name: null, kind: 'phone', os: null, browser: null },
      place: { country: null, city: null },
    }),
  )
  expect(statements(DB, 'u', events, [])).toHaveLength(statements(DB, 'u', events.slice(-1), []).length)
})
