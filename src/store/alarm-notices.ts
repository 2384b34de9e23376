// Who tells of an alarm, and when that was: one of all isolates does, once an hour at most.
import type { AlarmReport } from '../domain/alarm.ts'
import { ALARM_NOTICE_SECONDS } from '../domain/limits.ts'
import type { WaitingMail } from '../domain/waiting-mail.ts'
import { all, batch } from './d1.ts'
import { createdAt } from './outbox.ts'

export interface NoticeClaim {
  /** The same for every try: a claim whose answer was lost is found to be one's own. */
  readonly id: string
  readonly alarmId: string
  readonly count: number
  /** Written if and only if the claim is. */
  readonly mail: WaitingMail | null
}

/** @returns false when others tell, or have told within the hour. Throws StorageUnavailable. */
export async function claimNotice(db: D1Database, claim: NoticeClaim, now: number): Promise<boolean> {
  const { id, alarmId, count, mail } = claim
  const [claimed] = await batch(db, [
    db
      .prepare(
        `INSERT INTO alarm_notices (alarm_id, claimed_by, told_count, told_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (alarm_id) DO UPDATE
         SET claimed_by = excluded.claimed_by, told_count = excluded.told_count, told_at = excluded.told_at
         WHERE claimed_by = excluded.claimed_by
           OR (excluded.told_count > told_count AND excluded.told_at >= told_at + ?5)`,
      )
      .bind(alarmId, id, count, now, ALARM_NOTICE_SECONDS),
    ...(mail === null
      ? []
      : [
          db
            .prepare(
              `INSERT INTO outbox (id, sealed, attempts, next_attempt_at, expires_at, created_at)
               SELECT ?1, ?2, 1, ?3, ?4, ?5
               WHERE EXISTS (SELECT 1 FROM alarm_notices WHERE alarm_id = ?6 AND claimed_by = ?7)
               ON CONFLICT (id) DO NOTHING`,
            )
            .bind(mail.id, mail.sealed, mail.leasedUntil, mail.expiresAt, createdAt(mail), alarmId, id),
        ]),
  ])
  return claimed?.meta.changes === 1
}

/** Open alarms of which nobody was told, or that have grown for an hour since: of any age, cron may have been away. */
export const listUntold = (db: D1Database, now: number, limit: number): Promise<AlarmReport[]> =>
  all<AlarmReport>(
    db
      .prepare(
        `SELECT id, kind, severity, kid, count, first_at AS firstAt, last_at AS lastAt, detail
         FROM alarms LEFT JOIN alarm_notices ON alarm_id = id
         WHERE acknowledged_at IS NULL AND (told_at IS NULL OR (count > told_count AND told_at <= ?1 - ?2))
         LIMIT ?3`,
      )
      .bind(now, ALARM_NOTICE_SECONDS, limit),
  )
