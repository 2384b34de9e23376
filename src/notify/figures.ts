// Figures: what was recorded, counted. Each record is a data point of Analytics Engine, where there is a dataset, and one more
// in the global database: folded in the isolate, written once a minute at most, beside an answer. A write that fails is tried
// again with the next; what an isolate has not written when it ends is lost: these are figures, not books.
import type { RecordCount } from '../domain/figures.ts'
import { HOUR_SECONDS, RECORD_COUNTS_FLUSH_SECONDS } from '../domain/limits.ts'
import { errorName, log } from '../log.ts'
import type { RecordSink, SecurityRecord } from '../records/record.ts'
import { addRecordCounts } from '../store/record-counts.ts'

export interface Figures {
  /** Counts what is recorded at that time. */
  sinkAt(now: number): RecordSink
  /** Writes what is counted, if the last time is a minute ago. Never throws. */
  flush(now: number, waitUntil: (work: Promise<unknown>) => void): void
  /** Writes it now, for whoever reads the figures. Never throws. */
  settle(now: number): Promise<void>
}

export function createFigures(db: D1Database, dataset: AnalyticsEngineDataset | null): Figures {
  let pending = new Map<string, RecordCount>()
  let flushedAt = 0

  const add = (entry: RecordCount): void => {
    const key = `${entry.since} ${entry.code} ${entry.reason}`
    const count = entry.count + (pending.get(key)?.count ?? 0)
    pending.set(key, { ...entry, count })
  }

  const settle = async (now: number): Promise<void> => {
    flushedAt = now
    const counts = [...pending.values()]
    if (counts.length === 0) return
    pending = new Map()
    try {
      await addRecordCounts(db, counts)
    } catch (error) {
      counts.forEach(add)
      log('warn', { event: 'figures.not_stored', error: errorName(error) })
    }
  }

  return {
    sinkAt: now => record => {
      const { event: code, reason = '' } = record
      add({ since: now - (now % HOUR_SECONDS), code, reason, count: 1, lastAt: now })
      try {
        dataset?.writeDataPoint(dataPointOf(record))
      } catch {
        // Beyond what one invocation may write: the log has it.
      }
    },

    flush(now, waitUntil) {
      if (pending.size > 0 && now - flushedAt >= RECORD_COUNTS_FLUSH_SECONDS) waitUntil(settle(now))
    },

    settle,
  }
}

/** The order of the blobs is documented, for whoever queries them: docs/records.md. */
const dataPointOf = ({ event, outcome, reason, actor, client_id }: SecurityRecord) => ({
  indexes: [event],
  blobs: [event, outcome, reason ?? '', actor, client_id ?? ''],
  doubles: [1],
})
