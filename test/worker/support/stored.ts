// Stored rows of one user, as they are; and what must be true of every log, whatever happened.
import { expect } from 'vitest'
import { loadChain } from '../../../src/tokens/chain-keys.ts'
import { checkLog } from '../../../src/user/check-log.ts'
import type { Service } from './service.ts'

export interface StoredEvent {
  readonly seq: number
  readonly op_id: string | null
  readonly type: string
  readonly session_id: string | null
  readonly client_id: string | null
  readonly reason: string | null
  readonly actor: string
}

async function rows<Row>(service: Service, userId: string, sql: string): Promise<Row[]> {
  return (await service.parts.shards.of(userId).prepare(sql).bind(userId).all<Row>()).results
}

export const storedEvents = (service: Service, userId: string): Promise<StoredEvent[]> =>
  rows<StoredEvent>(
    service,
    userId,
    `SELECT seq, op_id, type, session_id, client_id, reason, actor
     FROM user_events WHERE user_id = ? ORDER BY seq`,
  )

export const storedSessions = (
  service: Service,
  userId: string,
): Promise<{ id: string; client_id: string; last_seen_at: number }[]> =>
  rows(
    service,
    userId,
    'SELECT id, client_id, last_seen_at FROM sessions WHERE user_id = ? ORDER BY created_seq',
  )

/** Of sessions whose token would be accepted now. */
async function acceptedSessions(service: Service, userId: string): Promise<string[]> {
  const buckets = await rows<{ session_id: string; expires_at: number }>(
    service,
    userId,
    'SELECT session_id, expires_at FROM entropy_buckets WHERE user_id = ? AND retired_at IS NULL',
  )
  return buckets.filter(bucket => bucket.expires_at > service.now).map(bucket => bucket.session_id)
}

/** Users with this address in all shards. */
export async function storedUsers(service: Service, email: string): Promise<string[]> {
  const found: string[] = []
  for (const db of service.parts.shards.all) {
    const users = await db.prepare('SELECT id FROM users WHERE email = ?').bind(email).all<{ id: string }>()
    found.push(...users.results.map(user => user.id))
  }
  return found
}

export const eventsOfType = (events: readonly StoredEvent[], type: string): readonly StoredEvent[] =>
  events.filter(event => event.type === type)

/**
 * I8 and I2 from the log alone: gapless from 1, every operation once, every session begun at most once and ended at
 * most once, never more live on a client than `limit` after any event; and the rows are what the log says.
 */
export async function checkHistory(service: Service, userId: string, limit = Number.POSITIVE_INFINITY) {
  const events = await storedEvents(service, userId)
  expect(events.map(event => event.seq)).toEqual(events.map((_, index) => index + 1))
  const opIds = events.flatMap(event => event.op_id ?? [])
  expect(new Set(opIds).size).toBe(opIds.length)
  const live = new Map<string, string>()
  const seen = new Set<string>()
  for (const event of events) {
    const { session_id: id, client_id: clientId } = event
    if (event.type === 'session.created' && id !== null && clientId !== null) {
      expect(seen.has(id)).toBe(false)
      seen.add(id)
      live.set(id, clientId)
    }
    if (event.type === 'session.ended') expect(live.delete(id ?? '')).toBe(true)
    const onClient = [...live.values()].filter(each => each === clientId).length
    expect(onClient).toBeLessThanOrEqual(limit)
  }
  // Signed in, changed, raced: the chain holds, whoever wrote.
  const { shards, secrets, config } = service.parts
  const chain = await loadChain(shards.global, secrets, config.secrets.DIGEST_SECRET)
  const { firstBroken } = await checkLog(shards.of(userId), chain, userId, service.now)
  expect(firstBroken).toBeNull()
  const stored = await storedSessions(service, userId)
  expect(stored.map(session => session.id).sort()).toEqual([...live.keys()].sort())
  expect((await acceptedSessions(service, userId)).filter(id => !live.has(id))).toEqual([])
  return { events, live: [...live.keys()] }
}
