// The user's own log, newest first.
import * as v from 'valibot'
import { operation } from '#operation'
import { listEvents } from '../store/events.ts'
import { readQuery } from './body.ts'
import type { LatchkeyEnv } from './context.ts'
import { EventView, eventView } from './event-view.ts'
import { Hono } from './hono.ts'
import { Count } from './openapi/fields.ts'
import { Before, Limit, pageLimit } from './paging.ts'
import { requirePrincipal } from './principal.ts'

export const eventsApi = new Hono<LatchkeyEnv>()

const EventsQuery = v.object({ limit: Limit, before: Before })
const EventsPage = v.object({ events: v.array(EventView), next_before: v.nullable(Count) })

eventsApi.get(
  '/v1/events',
  operation({
    summary: 'The user’s own log, newest first',
    by: 'user',
    query: EventsQuery,
    answers: { 200: EventsPage },
  }),
  async c => {
    const { userId } = await requirePrincipal(c)
    const query = readQuery(c, EventsQuery)
    const limit = pageLimit(query.limit)
    const events = await listEvents(c.var.parts.shards.of(userId), userId, query.before ?? null, limit + 1)
    const page = events.slice(0, limit)
    const last = events.length > limit ? page.at(-1) : undefined
    return c.json({ events: page.map(eventView), next_before: last?.seq ?? null })
  },
)
