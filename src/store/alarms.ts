// Alarms for operators: one open row for each fold key, with an exact count.
import type { AlarmKind, AlarmReport, Severity } from '../domain/alarm.ts'
import { all, first, run } from './d1.ts'

export interface AlarmCount {
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

/** An alarm as it stands once it is counted. */
export interface CountedAlarm {
  readonly id: string
  readonly kind: AlarmKind
  readonly severity: Severity
  readonly kid: string | null
  readonly count: number
  readonly first_at: number
  readonly last_at: number
  readonly detail: string
}

export const reportOf = ({ first_at, last_at, ...alarm }: CountedAlarm): AlarmReport => ({
  ...alarm,
  firstAt: first_at,
  lastAt: last_at,
})

/** Opens the alarm, or adds to the one that is open. */
export const addToAlarm = (db: D1Database, alarm: AlarmCount): Promise<CountedAlarm | null> =>
  first<CountedAlarm>(
    db
      .prepare(
        `INSERT INTO alarms (id, fold_key, kind, severity, kid, client_id, user_id, detail, count, first_at, last_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (fold_key) DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at
         RETURNING id, kind, severity, kid, count, first_at, last_at, detail`,
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
      ),
  )

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

/** Acknowledged or not: each stands for one day. */
export const deleteOldAlarms = (db: D1Database, before: number, limit: number) =>
  db
    .prepare('DELETE FROM alarms WHERE id IN (SELECT id FROM alarms WHERE last_at < ? LIMIT ?)')
    .bind(before, limit)
