// The user's own log, newest first.
import { Hono } from 'hono'
import { listEvents } from '../store/events.ts'
import type { LatchkeyEnv } from './context.ts'
import { eventView } from './event-view.ts'
import { pageLimit, parseBefore } from './paging.ts'
import { requirePrincipal } from './principal.ts'

export const eventsApi = new Hono<LatchkeyEnv>()

eventsApi.get('/v1/events', async c => {
  const { userId } = await requirePrincipal(c)
  const limit = pageLimit(c)
  const events = await listEvents(c.var.parts.shards.of(userId), userId, parseBefore(c), limit + 1)
  const page = events.slice(0, limit)
  const last = events.length > limit ? page.at(-1) : undefined
  return c.json({ events: page.map(eventView), next_before: last?.seq ?? null })
})
