// What the operator's page and `GET /admin/v1/stats` say: figures of the last day and month, and how things stand now.
import {
  firstDay,
  firstHour,
  reasonsOf,
  SERIES,
  SHOWN_DAYS,
  SHOWN_HOURS,
  spansOf,
} from '../../domain/figures.ts'
import {
  ALARMS_LISTED_MAX,
  DAY_SECONDS,
  DELIVERIES_SHOWN_SECONDS,
  HOUR_SECONDS,
} from '../../domain/limits.ts'
import type { Parts } from '../../sign-in/parts.ts'
import { listAlarms } from '../../store/alarms.ts'
import { countWaiting } from '../../store/outbox.ts'
import { findLastRecord, listRecordCounts } from '../../store/record-counts.ts'
import { listSigningKeys } from '../../store/signing-keys.ts'
import { countDeliveries } from '../../store/webhook-deliveries.ts'

export type Stats = Awaited<ReturnType<typeof gatherStats>>

/** Times in seconds. Throws StorageUnavailable. */
export async function gatherStats(parts: Parts, now: number) {
  const { global, all } = parts.shards
  // What this isolate has counted is in the figures, as far as it can be.
  await parts.figures.settle(now)
  const [hours, days, cronAt, alarms, keys, webhooks, mails, queue] = await Promise.all([
    listRecordCounts(global, firstHour(now), HOUR_SECONDS),
    listRecordCounts(global, firstDay(now), DAY_SECONDS),
    findLastRecord(global, 'cron.ran'),
    listAlarms(global, 0, ALARMS_LISTED_MAX),
    listSigningKeys(global),
    countDeliveries(global, now - DELIVERIES_SHOWN_SECONDS),
    Promise.all(all.map(db => countWaiting(db, now))),
    queueDepth(parts.queue),
  ])
  const since = mails.flatMap(each => (each.since === null ? [] : [each.since]))
  return {
    at: now,
    hours: spansOf(hours, firstHour(now), HOUR_SECONDS, SHOWN_HOURS),
    days: spansOf(days, firstDay(now), DAY_SECONDS, SHOWN_DAYS),
    refused: reasonsOf(hours, days, SERIES.refusals),
    ended: reasonsOf(hours, days, SERIES.ended),
    alarms,
    mails: {
      waiting: mails.reduce((sum, { count }) => sum + count, 0),
      oldestAt: since.length === 0 ? null : Math.min(...since),
    },
    queue,
    webhooks,
    keys: keys.filter(({ state }) => state !== 'gone'),
    cronAt,
  }
}

/** How many messages wait for the queue's consumer; null where the platform does not say. */
async function queueDepth(
  queue: Parts['queue'],
): Promise<{ messages: number; oldestAt: number | null } | null> {
  try {
    const { backlogCount, oldestMessageTimestamp } = await queue.metrics()
    const oldestAt = oldestMessageTimestamp && Math.floor(oldestMessageTimestamp.getTime() / 1_000)
    return { messages: backlogCount, oldestAt: oldestAt ?? null }
  } catch {
    return null
  }
}
