// Figures, for operators: what the page under /admin shows.
import * as v from 'valibot'
import { answer, operation } from '#operation'
import { rfc3339, rfc3339OrNull } from '../../domain/time.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { Count, Time } from '../openapi/fields.ts'
import { AlarmView, alarmView } from './alarms.ts'
import { gatherStats } from './gather-stats.ts'
import { KeyView, keyView } from './keys.ts'

export const adminStats = new Hono<LatchkeyEnv>()

const Spans = v.array(
  v.object({ at: Time, sign_ins: Count, refreshes: Count, ended: Count, refusals: Count }),
)
const Reasons = v.array(v.object({ reason: v.string(), last_day: Count, last_month: Count }))
const MaybeTime = v.nullable(Time)

const StatsView = answer(() =>
  v.object({
    at: Time,
    /** The last 24 hours and 30 days, the present ones included; each begins at its time, UTC. */
    hours: Spans,
    days: Spans,
    refused: Reasons,
    ended: Reasons,
    /** Those that nobody has acknowledged. */
    alarms: v.array(AlarmView),
    mails: v.object({ waiting: Count, oldest_at: MaybeTime }),
    /** Of the queue; null where the platform does not say. */
    queue: v.nullable(v.object({ messages: Count, oldest_at: MaybeTime })),
    /** Of the last four days. */
    webhooks: v.array(v.object({ id: v.string(), url: v.string(), waiting: Count, given_up: Count })),
    /** Those that are not gone. */
    keys: v.array(KeyView),
    cron: v.object({ last_at: MaybeTime }),
  }),
)

adminStats.get(
  '/admin/v1/stats',
  operation({
    summary: 'Figures of the last day and month, and how things stand',
    by: 'operator',
    answers: { 200: StatsView },
  }),
  async c => {
    const stats = await gatherStats(c.var.parts, c.var.facts.now)
    const spans = (of: typeof stats.hours) => of.map(span => ({ ...span, at: rfc3339(span.at) }))
    const reasons = (of: typeof stats.ended) =>
      of.map(({ reason, day, month }) => ({ reason, last_day: day, last_month: month }))
    return c.json({
      at: rfc3339(stats.at),
      hours: spans(stats.hours),
      days: spans(stats.days),
      refused: reasons(stats.refused),
      ended: reasons(stats.ended),
      alarms: stats.alarms.map(alarmView),
      mails: { waiting: stats.mails.waiting, oldest_at: rfc3339OrNull(stats.mails.oldestAt) },
      queue: stats.queue && {
        messages: stats.queue.messages,
        oldest_at: rfc3339OrNull(stats.queue.oldestAt),
      },
      webhooks: stats.webhooks,
      keys: stats.keys.map(keyView),
      cron: { last_at: rfc3339OrNull(stats.cronAt) },
    })
  },
)
