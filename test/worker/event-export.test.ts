// The logs of all users, taken elsewhere: complete from a time on, or broken off.
import { describe, expect, it, vi } from 'vitest'
import { EXPORT_CHUNK_ENTRIES } from '../../src/domain/limits.ts'
import { rfc3339 } from '../../src/domain/time.ts'
import { addToken, type Jar, leaksIn } from './support/canaries.ts'
import { expectRefusal } from './support/routes.ts'
import { admin, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const PATH = '/admin/v1/events'
const read = (service: Service, since: string, init: RequestInit = {}) =>
  service.request(`${PATH}?since=${encodeURIComponent(since)}`, admin(service, init))

interface Line {
  readonly user_id: string
  readonly seq: number
  readonly type: string
}
/** The runtime warns of `text()` for what it does not take as text. */
const textOf = async (answer: Response) => new TextDecoder().decode(await answer.arrayBuffer())
const linesOf = (text: string): Line[] => {
  expect(text.endsWith('\n') || text === '').toBe(true)
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Line)
}
const keyOf = ({ user_id, seq }: Line) => `${user_id} ${seq}`

/** Entries of a user that only the export meets, at one time, after all that are there. */
async function seedLog(service: Service, userId: string, count: number, at: number): Promise<void> {
  await service.parts.shards
    .of(userId)
    .prepare(
      `WITH RECURSIVE more (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM more WHERE seq < ?2)
       INSERT INTO user_events (user_id, seq, type, at, actor)
       SELECT ?1, seq, 'preference.changed', ?3, '{"kind":"system"}' FROM more`,
    )
    .bind(userId, count, at)
    .run()
}

const SHARD_USERS = ['u_aa', 'u_kz', 'u_zz'].map(start => `${start}${'-'.repeat(22)}`)
/** What splits lines for one reader or another, turns them around, hides, or speaks to a terminal. */
const HOSTILE_NAME =
  '\r\n{"seq":1}\u2028\u2029\u0085\u001b]8;;https://x.test\u0007\u009b2J\u202e\u2066\u200b\ufeff\u{e0041}'
/** No other test is so far ahead: what this file reads since then is its own. */
const AHEAD_SECONDS = 10 * 365 * 86_400

describe('GET /admin/v1/events', () => {
  const watch = watchDatabases()
  const service = createService(watch.bindings)
  service.now += AHEAD_SECONDS
  const since = service.now

  it('LG-01, LG-03: has every entry of every database since a time, once, as its user sees it, and no secret', async () => {
    const { client_id } = await createClient(service)
    const emails = Array.from({ length: 8 }, freshAddress)
    const signedIn = []
    for (const email of emails)
      signedIn.push(await signIn(service, client_id, email, { device_name: HOSTILE_NAME }))
    const databases = new Set(signedIn.map(({ user_id }) => service.parts.shards.of(user_id)))
    service.now += 60
    const [tokens] = [await signIn(service, client_id, emails[0] ?? '')]
    await service.request(
      `/admin/v1/users/${signedIn[1]?.user_id}/disable`,
      admin(service, { method: 'POST' }),
    )

    const answer = await read(service, rfc3339(since))
    expect([answer.status, answer.headers.get('Content-Type'), answer.headers.get('Cache-Control')]).toEqual([
      200,
      'application/x-ndjson',
      'no-store',
    ])
    const text = await textOf(answer)
    const lines = linesOf(text)
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\u2028\u2029]/u)
    const expected: unknown[] = []
    for (const { user_id } of signedIn) {
      const log = await service.request(`/admin/v1/users/${user_id}/events`, admin(service))
      const { events } = await log.json<{ events: Omit<Line, 'user_id'>[] }>()
      expected.push(...events.toReversed().map(event => ({ user_id, ...event })))
    }
    const known = new Set(signedIn.map(({ user_id }) => user_id))
    const ours = lines.filter(({ user_id }) => known.has(user_id))
    expect(expected).toHaveLength(8 + 2 + 2)
    expect(ours.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))).toEqual(
      (expected as Line[]).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    )
    expect(databases.size).toBeGreaterThan(1)
    const jar: Jar = new Map([['address', emails[0] ?? '']])
    addToken(jar, 'access token', tokens.access_token)
    addToken(jar, 'refresh token', tokens.refresh_token)
    expect(leaksIn(text, jar)).toEqual([])

    // The second is part of it; another way to write the same time; a fraction of a second earlier.
    const later = linesOf(await textOf(await read(service, rfc3339(since + 60))))
    expect(later.map(({ type }) => type).sort()).toEqual([
      'session.created',
      'session.ended',
      'session.ended',
      'user.disabled',
    ])
    const abroad = rfc3339(since + 60 + 5_400).replace('Z', '.750+01:30')
    expect(linesOf(await textOf(await read(service, abroad)))).toEqual(later)
    expect(await textOf(await read(service, rfc3339(since + 61)))).toBe('')
  })

  it('LG-01: however many they are: read in chunks, in the order of each log, and nothing is read for HEAD', async () => {
    const at = since + 86_400
    const counts = [2 * EXPORT_CHUNK_ENTRIES + 1, EXPORT_CHUNK_ENTRIES, 3]
    for (const [index, userId] of SHARD_USERS.entries())
      await seedLog(service, userId, counts[index] ?? 0, at)
    expect(new Set(SHARD_USERS.map(userId => service.parts.shards.of(userId))).size).toBe(3)
    const lines = linesOf(await textOf(await read(service, rfc3339(at))))
    expect(lines.map(keyOf)).toEqual(
      SHARD_USERS.flatMap((userId, index) =>
        Array.from({ length: counts[index] ?? 0 }, (_, seq) => `${userId} ${seq + 1}`),
      ),
    )
    const reads = () => watch.statements.filter(sql => sql.includes('FROM user_events')).length
    watch.statements.length = 0
    const head = await read(service, rfc3339(at), { method: 'HEAD' })
    expect([head.status, head.headers.get('Content-Type'), await head.text()]).toEqual([
      200,
      'application/x-ndjson',
      '',
    ])
    expect(reads()).toBe(1)
  })

  it('LG-06: a storage that fails is a refusal, and on the way breaks it off: no part passes for the whole', async () => {
    const reads = () => watch.statements.filter(sql => sql.includes('FROM user_events')).length
    const at = rfc3339(since + 86_400)
    const error = vi.spyOn(console, 'error').mockReturnValue()
    for (const good of [0, 1, 4]) {
      watch.statements.length = 0
      watch.refuses = sql => sql.includes('FROM user_events') && reads() > good
      if (good === 0) expect((await read(service, at)).status).toBe(503)
      else await expect(read(service, at).then(textOf)).rejects.toThrow()
    }
    watch.refuses = () => false
    const said = error.mock.calls.map(([line]) => JSON.parse(line).event)
    expect(said).toEqual(['request.failed', 'answer.broken_off', 'answer.broken_off'])
    error.mockRestore()
  })

  it('LG-06: an entry that somebody has made unreadable is named, and keeps no other from being taken away', async () => {
    const later = since + 20 * 86_400
    const users = SHARD_USERS.map(id => `${id.slice(0, -1)}z`)
    for (const user of users) await seedLog(service, user, 3, later)
    const db = service.parts.shards.of(users[0] ?? '')
    await db.prepare("UPDATE user_events SET actor = 'x' WHERE user_id = ? AND seq = 2").bind(users[0]).run()
    const lines = linesOf(await textOf(await read(service, rfc3339(later))))
    await db.prepare('DELETE FROM user_events WHERE user_id = ?').bind(users[0]).run()
    expect(lines.map(keyOf).sort()).toEqual(
      users.flatMap(user => [1, 2, 3].map(seq => `${user} ${seq}`)).sort(),
    )
    expect(lines.filter(line => 'unreadable' in line)).toEqual([
      { user_id: users[0], seq: 2, unreadable: true },
    ])
  })

  it('AP-02: takes an RFC 3339 time and nothing else, from an operator and nobody else', async () => {
    const wrong = [
      '',
      '0',
      '2026-01-01',
      '2026-02-30T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01T00:00:00',
      '2026-01-01 00:00:00Z',
      '2026-01-01T00:00:00+25:00',
      '2026-13-01T00:00:00Z',
      ' 2026-01-01T00:00:00Z',
    ]
    for (const since of wrong)
      expect(await expectRefusal(await read(service, since), since)).toBe('invalid_request')
    expect(await expectRefusal(await service.request(PATH, admin(service)), 'none')).toBe('invalid_request')
    expect((await service.request(`${PATH}?since=${rfc3339(since)}`)).status).toBe(401)
  })
})
