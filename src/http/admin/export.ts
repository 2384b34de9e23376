// The logs of all users, to take elsewhere: a line for each entry since a time.
import * as v from 'valibot'
import { operation } from '#operation'
import { jsonLine } from '../../domain/encoding.ts'
import { EXPORT_CHUNK_ENTRIES } from '../../domain/limits.ts'
import { parseRfc3339 } from '../../domain/time.ts'
import { listAllEvents, type PlacedEvent } from '../../store/all-events.ts'
import { LOG_START, type LogPlace } from '../../store/log-sweep.ts'
import type { Shards } from '../../store/shards.ts'
import { readQuery } from '../body.ts'
import type { LatchkeyEnv } from '../context.ts'
import { eventView } from '../event-view.ts'
import { Hono } from '../hono.ts'
import { Problem } from '../problem.ts'
import { streamOf } from '../stream-of.ts'

export const adminExport = new Hono<LatchkeyEnv>()

const ExportQuery = v.object({ since: v.string() })

adminExport.get(
  '/admin/v1/events',
  operation({
    summary:
      'The entries of all logs since a time, one JSON object a line; database by database, user by user',
    by: 'operator',
    query: ExportQuery,
    answers: { 200: 'application/x-ndjson' },
  }),
  async c => {
    const since = parseRfc3339(readQuery(c, ExportQuery).since)
    if (since === null) throw new Problem('invalid_request', { detail: 'check: since' })
    c.header('Content-Type', 'application/x-ndjson')
    return c.body(await streamOf(lines(c.var.parts.shards, since)))
  },
)

/** Every entry is looked at, a chunk at a time: no index by age is paid for with every entry that is written. */
async function* lines({ all }: Shards, since: number) {
  for (const db of all) {
    let after: LogPlace | undefined = LOG_START
    while (after !== undefined) {
      const entries = await listAllEvents(db, after, EXPORT_CHUNK_ENTRIES)
      const due = entries.filter(({ event }) => event === null || event.at >= since)
      yield due.map(lineOf).join('')
      after = entries.length < EXPORT_CHUNK_ENTRIES ? undefined : entries.at(-1)
    }
  }
}

/** One entry that cannot be read must not keep all others from being taken away. */
const lineOf = ({ userId, seq, event }: PlacedEvent): string =>
  `${jsonLine({ user_id: userId, ...(event === null ? { seq, unreadable: true } : eventView(event)) })}\n`
