// Alarms for operators: one open row for each fold key, with an exact count.
import type { AlarmKind, AlarmReport, Severity } from '../domain/alarm.ts'
import { HOUR_SECONDS } from '../domain/limits.ts'
import { all, batch, run } from './d1.ts'

export interface AlarmCount {
  /** 256 random bits, base64url: the same however often it is tried. */
  readonly countId: string
  readonly id: string
  readonly foldKey: string
  readonly kind: AlarmKind
  readonly severity: Severity
  readonly kid: string | null
  readonly clientId: string | null
  readonly userId: string | null
  readonly detail: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
}

/**
 * Opens the alarm, or adds to the one that is open; once, also when the answer to an earlier try was lost. @returns null when
 * it has been acknowledged since. Throws StorageUnavailable.
 */
export async function addToAlarm(db: D1Database, alarm: AlarmCount): Promise<AlarmReport | null> {
  const [, , open] = await batch(db, [
    db
      .prepare(
        `INSERT INTO alarms (id, fold_key, kind, severity, kid, client_id, user_id, detail, count, first_at, last_at)
         SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM alarm_counts WHERE id = ?)
         ON CONFLICT (fold_key) DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at`,
      )
      .bind(
        alarm.id,
        alarm.foldKey,
        alarm.kind,
        alarm.severity,
        alarm.kid,
        alarm.clientId,
        alarm.userId,
        alarm.detail,
        alarm.count,
        alarm.firstAt,
        alarm.lastAt,
        alarm.countId,
      ),
    db
      .prepare('INSERT INTO alarm_counts (id, expires_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING')
      .bind(alarm.countId, alarm.lastAt + HOUR_SECONDS),
    db
      .prepare(
        `SELECT id, kind, severity, kid, count, first_at AS firstAt, last_at AS lastAt, detail
         FROM alarms WHERE fold_key = ?`,
      )
      .bind(alarm.foldKey),
  ])
  return (open?.results[0] as AlarmReport | undefined) ?? null
}

export interface AlarmRow {
  readonly id: string
  readonly kind: string
  readonly severity: string
  readonly kid: string | null
  readonly client_id: string | null
  readonly user_id: string | null
  readonly detail: string
  readonly count: number
  readonly first_at: number
  readonly last_at: number
  readonly acknowledged_at: number | null
}

/** The newest, and those that are open however old: no flood of alarms puts another one out of sight. */
export const listAlarms = (db: D1Database, newest: number, limit: number): Promise<AlarmRow[]> =>
  all<AlarmRow>(
    db
      .prepare(
        `SELECT id, kind, severity, kid, client_id, user_id, detail, count, first_at, last_at, acknowledged_at
         FROM alarms WHERE acknowledged_at IS NULL OR id IN (SELECT id FROM alarms ORDER BY last_at DESC, id LIMIT ?)
         ORDER BY last_at DESC, id LIMIT ?`,
      )
      .bind(newest, limit),
  )

/** Closes the fold, so that the next of its kind is a new alarm. @returns false for an unknown id */
export const acknowledgeAlarm = async (db: D1Database, id: string, now: number): Promise<boolean> =>
  (await run(
    db
      .prepare('UPDATE alarms SET fold_key = id, acknowledged_at = coalesce(acknowledged_at, ?) WHERE id = ?')
      .bind(now, id),
  )) === 1

export const deleteExpiredAlarmCounts = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      'DELETE FROM alarm_counts WHERE id IN (SELECT id FROM alarm_counts WHERE expires_at < ? LIMIT ?)',
    )
    .bind(before, limit)

/** Acknowledged or not: each stands for one day. */
export const deleteOldAlarms = (db: D1Database, before: number, limit: number) =>
  db
    .prepare('DELETE FROM alarms WHERE id IN (SELECT id FROM alarms WHERE last_at < ? LIMIT ?)')
    .bind(before, limit)
