// Alarms for operators. The first of a kind is written at once; repeats are folded in the isolate, at most one
// write in ALARM_FLUSH_MS, so that a hundred thousand forgeries cost a handful of rows. A sink that fails never
// turns a refusal into anything else.
import { ALARM_FLUSH_MS, ALARM_WINDOW_SECONDS } from '../domain/limits.ts'
import { log } from '../log.ts'
import { addToAlarm } from '../store/alarms.ts'
import { randomId } from '../tokens/random.ts'

export type AlarmKind =
  | 'token.forged'
  | 'link.forged'
  | 'refresh.reused'
  | 'code.reused'
  | 'mail.failing'
  | 'logout.failing'
  | 'webhook.failing'
  | 'key.overdue'

const SEVERITY: Readonly<Record<AlarmKind, 'critical' | 'high' | 'medium'>> = {
  'token.forged': 'critical',
  'link.forged': 'critical',
  'refresh.reused': 'high',
  'code.reused': 'high',
  'mail.failing': 'medium',
  'logout.failing': 'medium',
  'webhook.failing': 'medium',
  'key.overdue': 'medium',
}

export interface Alarm {
  readonly kind: AlarmKind
  readonly kid: string | null
  readonly clientId: string | null
  readonly userId: string | null
  /** For people; without secrets. */
  readonly detail: string
}

export interface Alarms {
  /** Counts the alarm. Never throws, never delays the caller: the work is handed to `waitUntil`. */
  raise(alarm: Alarm, now: number, waitUntil: (work: Promise<unknown>) => void): void
}

interface Fold {
  readonly foldKey: string
  /** What is not counted in the database yet: the first of it, how many, since and until when. */
  alarm: Alarm
  pending: number
  firstAt: number
  lastAt: number
  writtenAtMs: number
  /** A flush that the platform cut off must not stop the next one. */
  flushingUntil: number
}

export function createAlarms(db: D1Database): Alarms {
  const folds = new Map<string, Fold>()

  const write = async (fold: Fold): Promise<void> => {
    const { alarm, pending: count, firstAt, lastAt } = fold
    fold.pending = 0
    fold.writtenAtMs = Date.now()
    try {
      await addToAlarm(db, {
        id: randomId('a'),
        foldKey: fold.foldKey,
        kind: alarm.kind,
        severity: SEVERITY[alarm.kind],
        kid: alarm.kid,
        clientId: alarm.clientId,
        userId: alarm.userId,
        detail: alarm.detail,
        count,
        firstAt,
        lastAt,
      })
    } catch {
      // Kept for the next flush: the count stays exact even when the database was away.
      Object.assign(fold, { alarm, firstAt, pending: fold.pending + count })
      log('error', { event: 'alarm.not_stored', kind: alarm.kind, count })
    }
  }

  const flush = async (fold: Fold): Promise<void> => {
    for (let round = 0; fold.pending > 0 && round < MAX_FLUSH_ROUNDS; round++) {
      const dueInMs = fold.writtenAtMs + ALARM_FLUSH_MS - Date.now()
      if (dueInMs > 0) await new Promise(resolve => setTimeout(resolve, Math.min(dueInMs, ALARM_FLUSH_MS)))
      await write(fold)
    }
    fold.flushingUntil = 0
  }

  return {
    raise(alarm, now, waitUntil) {
      const window = Math.floor(now / ALARM_WINDOW_SECONDS)
      const foldKey = [alarm.kind, alarm.kid ?? '', window].join('|')
      const fold = folds.get(foldKey) ?? newFold(foldKey, alarm, now)
      folds.set(foldKey, fold)
      if (fold.pending === 0) Object.assign(fold, { alarm, firstAt: now })
      fold.pending += 1
      fold.lastAt = now
      if (fold.flushingUntil > now) return
      fold.flushingUntil = now + FLUSH_LEASE_SECONDS
      log('error', { event: alarm.kind, kid: alarm.kid, client_id: alarm.clientId, user_id: alarm.userId })
      waitUntil(flush(fold))
    },
  }
}

const newFold = (foldKey: string, alarm: Alarm, now: number): Fold => ({
  foldKey,
  alarm,
  pending: 0,
  firstAt: now,
  lastAt: now,
  writtenAtMs: 0,
  flushingUntil: 0,
})

/** Within the platform's 30 s for work after the answer. */
const MAX_FLUSH_ROUNDS = 20
const FLUSH_LEASE_SECONDS = 30
