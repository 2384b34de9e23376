// Alarms for operators. The first of a kind is written at once; repeats are folded in the isolate, at most one
// write in ALARM_FLUSH_MS, so that a hundred thousand forgeries cost a handful of rows. What has been counted is told.
// A sink that fails never turns a refusal into anything else: it is tried again while there is something to tell.
import { type AlarmKind, isForgery, SEVERITY } from '../domain/alarm.ts'
import { ALARM_FLUSH_MS, ALARM_WINDOW_SECONDS } from '../domain/limits.ts'
import { log } from '../log.ts'
import { record } from '../records/record.ts'
import { addToAlarm, type CountedAlarm, reportOf } from '../store/alarms.ts'
import { randomId } from '../tokens/random.ts'
import { type AlarmSinks, createAlarmNotices } from './alarm-notices.ts'

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
  raise(alarm: Alarm, now: number, waitUntil: WaitUntil): void
  /** Goes on with what could neither be counted nor told when it was tried. Never throws; nearly always, there is nothing. */
  resume(now: number, waitUntil: WaitUntil): void
  /** By cron: what no isolate has told, or not for an hour. Throws StorageUnavailable. */
  tellDue(now: number): Promise<void>
}

type WaitUntil = (work: Promise<unknown>) => void

interface Fold {
  readonly foldKey: string
  /** What is not counted in the database yet: the first of it, how many, since and until when. */
  alarm: Alarm
  pending: number
  firstAt: number
  lastAt: number
  triedAtMs: number
  /** The forged one, until it is removed; null where that is left to operators. */
  keyToRemove: string | null
  /** A flush that the platform cut off must not stop the next one. */
  flushingUntil: number
}

/** In an emergency. @returns null when it is gone already */
export type RemoveKey = (kid: string, now: number) => Promise<unknown>

/** @param removeKey what a forgery is answered with; null where that is left to operators */
export function createAlarms(db: D1Database, sinks: AlarmSinks, removeKey: RemoveKey | null): Alarms {
  const folds = new Map<string, Fold>()
  const notices = createAlarmNotices(db, sinks)

  const write = async (fold: Fold): Promise<CountedAlarm | null> => {
    const { alarm, pending: count, firstAt, lastAt } = fold
    fold.pending = 0
    try {
      return await addToAlarm(db, {
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
      return null
    }
  }

  /** Once for a fold. A key that is gone stays gone, and whoever forges with the next one has that one too. */
  const answer = async (fold: Fold, kid: string, now: number): Promise<void> => {
    try {
      const left = await removeKey?.(kid, now)
      fold.keyToRemove = null
      if (left !== null) record('key.removed_on_forgery', { kid })
    } catch {
      log('error', { event: 'key.not_removed', kid })
    }
  }

  const flush = async (fold: Fold, now: number): Promise<void> => {
    const telling: Promise<void>[] = []
    for (let round = 0; isUnfinished(fold) && round < MAX_FLUSH_ROUNDS; round++) {
      const dueInMs = fold.triedAtMs + ALARM_FLUSH_MS - Date.now()
      if (dueInMs > 0) await new Promise(resolve => setTimeout(resolve, Math.min(dueInMs, ALARM_FLUSH_MS)))
      fold.triedAtMs = Date.now()
      if (fold.keyToRemove !== null) await answer(fold, fold.keyToRemove, now)
      const counted = fold.pending > 0 ? await write(fold) : null
      // Beside the counting: a mail server may take its time.
      if (counted !== null) telling.push(notices.tell(reportOf(counted), now))
    }
    fold.flushingUntil = 0
    await Promise.all(telling)
  }

  const beginFlush = (fold: Fold, now: number): Promise<void> => {
    fold.flushingUntil = now + FLUSH_LEASE_SECONDS
    return flush(fold, now)
  }

  return {
    raise(alarm, now, waitUntil) {
      const window = Math.floor(now / ALARM_WINDOW_SECONDS)
      const foldKey = [alarm.kind, alarm.kid ?? '', window].join('|')
      const fold = folds.get(foldKey) ?? newFold(foldKey, alarm, now, removeKey !== null)
      folds.set(foldKey, fold)
      if (fold.pending === 0) Object.assign(fold, { alarm, firstAt: now })
      fold.pending += 1
      fold.lastAt = now
      const isUnderWay = fold.flushingUntil > now
      // Of forgeries one is as good as another: whom they name is up to the forger.
      if (!isUnderWay || (alarm.userId !== null && !isForgery(alarm.kind))) recordAlarm(alarm)
      if (isUnderWay) return
      waitUntil(beginFlush(fold, now))
    },

    resume(now, waitUntil) {
      for (const fold of folds.values()) {
        if (isUnfinished(fold) && fold.flushingUntil <= now) waitUntil(beginFlush(fold, now))
      }
      for (const attempt of notices.retry(now)) waitUntil(attempt)
    },

    tellDue: notices.tellDue,
  }
}

const recordAlarm = ({ kind: reason, kid, clientId, userId }: Alarm): void =>
  record('alarm.raised', {
    reason,
    kid,
    ...(clientId && { client_id: clientId }),
    ...(userId && { user_id: userId }),
  })

const isUnfinished = (fold: Fold): boolean => fold.pending > 0 || fold.keyToRemove !== null

const newFold = (foldKey: string, alarm: Alarm, now: number, removesKeys: boolean): Fold => ({
  foldKey,
  alarm,
  pending: 0,
  firstAt: now,
  lastAt: now,
  triedAtMs: 0,
  keyToRemove: removesKeys && isForgery(alarm.kind) ? alarm.kid : null,
  flushingUntil: 0,
})

/** Within the platform's 30 s for work after the answer. */
const MAX_FLUSH_ROUNDS = 20
const FLUSH_LEASE_SECONDS = 30
