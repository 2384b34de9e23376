// Floors: the least that an operation could cost. Hono and nothing else around it; where one writes, the very statements
// of the operation, with values that are made up. docs/performance.md says what each of them is.
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'
import { Hono } from 'hono'
import type { UserEvent } from '../../../src/domain/events.ts'
import { type EventLink, storedEventOf } from '../../../src/store/linked-events.ts'
import { rotate } from '../../../src/store/rotation.ts'
import { selectSessionPage } from '../../../src/store/sessions.ts'
import { statements } from '../../../src/store/statements.ts'
import { bearerOf, createJwtCheck } from './jwt-check.ts'
import { createdEvent, endedEvent, madeUp, madeUpLinks } from './made-up.ts'

interface FloorsEnv {
  readonly DB: D1Database
  readonly SERVICE: Fetcher
  readonly OBJECTS: DurableObjectNamespace<FloorObject>
}

const check = createJwtCheck()
const app = new Hono<{ Bindings: FloorsEnv }>()

const SAID = {
  authenticated: true,
  client_id: 'bench',
  user_id: `u_${madeUp(24)}`,
  session_id: `s_${madeUp(24)}`,
}
const INTROSPECTED = {
  ...{ active: true, scope: 'sessions read', client_id: 'bench', sub: SAID.user_id },
  ...{ aud: 'https://notes.bench', iss: 'http://localhost', exp: 1_800_000_600, iat: 1_800_000_000 },
  ...{ jti: `${SAID.session_id}.1`, sid: SAID.session_id, auth_time: 1_800_000_000 },
  ...{ token_type: 'Bearer', as_of: 1_800_000_000.123 },
}

app.get('/hello', c => c.json(SAID))
app.post('/hello-introspection', async c => {
  await c.req.text()
  return c.json(INTROSPECTED)
})
app.get('/verify', async c => {
  await check(bearerOf(c), c.env.SERVICE)
  return c.json(SAID)
})
app.get('/read', async c => {
  const [sessionId = '', generation] = (c.req.header('X-Bucket') ?? '').split(' ')
  await readBucket(c.env.DB, sessionId, Number(generation)).first()
  return c.json(SAID)
})
app.get('/verify-read', async c => {
  const [sessionId = '', generation] = String((await check(bearerOf(c), c.env.SERVICE)).jti).split('.')
  await readBucket(c.env.DB, sessionId, Number(generation)).first()
  return c.json(SAID)
})
app.get('/verify-list', async c => {
  const { jti, sub } = await check(bearerOf(c), c.env.SERVICE)
  const [sessionId = '', generation] = String(jti).split('.')
  const limit = Number(c.req.query('limit'))
  const [page] = await c.env.DB.batch([
    selectSessionPage(c.env.DB, String(sub), Math.floor(Date.now() / 1_000), null, limit + 1),
    readBucket(c.env.DB, sessionId, Number(generation)),
  ])
  return c.json({ next_cursor: null, sessions: page?.results.slice(0, limit) })
})
/** Without their order: by primary key. */
app.get('/verify-rows', async c => {
  const { jti, sub } = await check(bearerOf(c), c.env.SERVICE)
  const [sessionId = '', generation] = String(jti).split('.')
  const [page] = await c.env.DB.batch([
    c.env.DB.prepare('SELECT * FROM sessions WHERE user_id = ? LIMIT ?').bind(
      sub,
      Number(c.req.query('limit')),
    ),
    readBucket(c.env.DB, sessionId, Number(generation)),
  ])
  return c.json({ next_cursor: null, sessions: page?.results })
})
/** A refresh: `user session generation`; the answer carries the next. */
app.post('/batch', async c => {
  const state = decodeURIComponent((await c.req.text()).slice('refresh_token='.length))
  const [userId = '', sessionId = '', presentedDigest = '', generation] = state.split(' ')
  const now = Math.floor(Date.now() / 1_000)
  const successorDigest = madeUp(43)
  const row = await rotate(c.env.DB, {
    ...{ userId, sessionId, presentedDigest, successorDigest, now },
    lastSeenMs: 0,
    expiresAt: now + 1_000_000,
    generation: Number(generation),
    sealedSuccessor: madeUp(2_200),
    bucket: { audience: 'https://notes.bench', commitment: madeUp(43), expiresAt: now + 600 },
  })
  if (row?.secretDigest !== successorDigest) return c.json({ error: 'not rotated' }, 400)
  return c.json({
    access_token: madeUp(720),
    token_type: 'Bearer',
    scope: madeUp(280),
    refresh_token: [userId, sessionId, successorDigest, Number(generation) + 1].join(' '),
  })
})
app.post('/object-start', async c => {
  await c.req.text()
  const userId = `u_aa${madeUp(22)}`
  await c.env.OBJECTS.getByName(userId).apply(userId, [createdEvent(userId)])
  return c.json({ access_token: madeUp(720), refresh_token: madeUp(420), token_type: 'Bearer' })
})
/** `user session`, whose log has one entry. */
app.post('/object-end', async c => {
  const [userId = '', sessionId = ''] = (await c.req.text()).split(' ')
  await c.env.OBJECTS.getByName(userId).apply(userId, [endedEvent(sessionId)])
  return c.body(null, 204)
})

const readBucket = (db: D1Database, sessionId: string, generation: number) =>
  db
    .prepare(
      `SELECT commitment, expires_at, retired_at, retired_reason FROM entropy_buckets
       WHERE session_id = ? AND generation = ?`,
    )
    .bind(sessionId, generation)

export class FloorObject extends DurableObject<FloorsEnv> {
  async apply(userId: string, events: readonly UserEvent[]): Promise<number> {
    const links: EventLink[] = madeUpLinks(events.map(storedEventOf))
    return (await this.env.DB.batch(statements(this.env.DB, userId, events, links))).length
  }
}

/** A call over a service binding that does nothing. */
export class Floors extends WorkerEntrypoint<FloorsEnv> {
  hello(_token: string): object {
    return INTROSPECTED
  }
}

export default app
