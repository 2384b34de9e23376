// Alarms for operators. The first of a kind is written at once; repeats are folded in the isolate, at most one
// write in ALARM_FLUSH_MS, so that a hundred thousand forgeries cost a handful of rows. What has been counted is told.
// A sink that fails never turns a refusal into anything else: it is tried again while there is something to tell.
import { type AlarmKind, type AlarmReport, isForgery, SEVERITY } from '../domain/alarm.ts'
import { ALARM_FLUSH_MS, ALARM_WINDOW_SECONDS } from '../domain/limits.ts'
import { log } from '../log.ts'
import { record } from '../records/record.ts'
import { type AlarmCount, addToAlarm } from '../store/alarms.ts'
import { randomId, randomSecret } from '../tokens/random.ts'
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
  /** On its way into the database; stays as it is until that is known to have it. */
  count: AlarmCount | null
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

  const write = async (fold: Fold): Promise<AlarmReport | null> => {
    fold.count ??= takePending(fold)
    const { kind, count } = fold.count
    try {
      const counted = await addToAlarm(db, fold.count)
      fold.count = null
      return counted
    } catch {
      // Tried again with the next flush: the count stays exact even when the database was away, or its answer was lost.
      log('error', { event: 'alarm.not_stored', kind, count })
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
      const counted = isUncounted(fold) ? await write(fold) : null
      // Beside the counting: a mail server may take its time.
      if (counted !== null) telling.push(notices.tell(counted, now))
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

const isUncounted = ({ pending, count }: Fold): boolean => pending > 0 || count !== null
const isUnfinished = (fold: Fold): boolean => isUncounted(fold) || fold.keyToRemove !== null

function takePending(fold: Fold): AlarmCount {
  const { foldKey, alarm, pending: count, firstAt, lastAt } = fold
  fold.pending = 0
  const ids = { countId: randomSecret(), id: randomId('a') }
  return { ...alarm, ...ids, foldKey, severity: SEVERITY[alarm.kind], count, firstAt, lastAt }
}

const newFold = (foldKey: string, alarm: Alarm, now: number, removesKeys: boolean): Fold => ({
  foldKey,
  alarm,
  pending: 0,
  count: null,
  firstAt: now,
  lastAt: now,
  triedAtMs: 0,
  keyToRemove: removesKeys && isForgery(alarm.kind) ? alarm.kid : null,
  flushingUntil: 0,
})

/** Within the platform's 30 s for work after the answer. */
const MAX_FLUSH_ROUNDS = 20
const FLUSH_LEASE_SECONDS = 30
