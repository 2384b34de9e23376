// Alarms, newest first, and acknowledging them: the next of the same kind opens a new one.
import * as v from 'valibot'
import { operation } from '#operation'
import { ALARMS_LISTED_MAX, PAGE_MAX } from '../../domain/limits.ts'
import { rfc3339, rfc3339OrNull } from '../../domain/time.ts'
import { type AlarmRow, acknowledgeAlarm, listAlarms } from '../../store/alarms.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { Count, NullableText, Time } from '../openapi/fields.ts'
import { Problem } from '../problem.ts'

export const adminAlarms = new Hono<LatchkeyEnv>()

export const AlarmView = v.object({
  id: v.string(),
  kind: v.string(),
  severity: v.string(),
  first_at: Time,
  last_at: Time,
  count: Count,
  kid: NullableText,
  client_id: NullableText,
  user_id: NullableText,
  detail: v.string(),
  acknowledged_at: v.nullable(Time),
})

adminAlarms.get(
  '/admin/v1/alarms',
  operation({
    summary: 'Alarms, newest first: all that are open, and what is acknowledged of the newest hundred',
    by: 'operator',
    answers: { 200: v.object({ alarms: v.array(AlarmView) }) },
  }),
  async c => {
    const alarms = await listAlarms(c.var.parts.shards.global, PAGE_MAX, ALARMS_LISTED_MAX)
    return c.json({ alarms: alarms.map(alarmView) })
  },
)

adminAlarms.post(
  '/admin/v1/alarms/:id/acknowledge',
  operation({ summary: 'Closes an alarm', by: 'operator', answers: { 204: null }, refusals: [404] }),
  async c => {
    const { parts, facts } = c.var
    if (!(await acknowledgeAlarm(parts.shards.global, c.req.param('id'), facts.now)))
      throw new Problem('not_found')
    return c.body(null, 204)
  },
)

export const alarmView = (alarm: AlarmRow) => ({
  ...alarm,
  first_at: rfc3339(alarm.first_at),
  last_at: rfc3339(alarm.last_at),
  acknowledged_at: rfc3339OrNull(alarm.acknowledged_at),
})
