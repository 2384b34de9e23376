// Telling operators of an alarm, by mail and to their webhooks. One isolate of all tells, when the alarm opens and at most
// once an hour while it grows. What cannot be told is said in the log, and kept here until it can be.
import { type AlarmReport, isMailed, isToldToWebhooks } from '../domain/alarm.ts'
import { ALARM_NOTICE_SECONDS, ALARM_NOTICES_CHUNK, ALARM_RETRY_SECONDS } from '../domain/limits.ts'
import type { WaitingMail } from '../domain/waiting-mail.ts'
import { errorName, log } from '../log.ts'
import { claimNotice, listUntold } from '../store/alarm-notices.ts'
import { randomId } from '../tokens/random.ts'

export interface AlarmMail {
  readonly row: WaitingMail
  /** The first attempt, once the row is written. Never throws. */
  readonly deliver: () => Promise<void>
}

export interface AlarmSinks {
  /** null where nobody is to be mailed. */
  readonly prepareMail: ((alarm: AlarmReport, now: number) => Promise<AlarmMail>) | null
  /** Throws when it could not be handed over. */
  readonly tellWebhooks: (alarm: AlarmReport, now: number) => Promise<unknown>
}

export interface AlarmNotices {
  /** Tells of the alarm unless that was done within the hour. Never throws. */
  tell(alarm: AlarmReport, now: number): Promise<void>
  /** Notices that could not be told and may be tried again: begun now. */
  retry(now: number): Promise<void>[]
  /** What no isolate has told, or not for an hour. Throws StorageUnavailable. */
  tellDue(now: number): Promise<void>
}

interface Notice {
  readonly id: string
  readonly alarm: AlarmReport
  mail: AlarmMail | null
  isClaimed: boolean
  nextTryAt: number
}

export function createAlarmNotices(db: D1Database, sinks: AlarmSinks): AlarmNotices {
  /** By alarm: until when this isolate need not ask whether it is to tell. */
  const settledUntil = new Map<string, number>()
  const spool = new Map<string, Notice>()

  /** Whether it is this notice that tells. With it the mail is kept, whatever becomes of this isolate. */
  const claim = async (notice: Notice, now: number): Promise<boolean> => {
    const { id, alarm } = notice
    if (isMailed(alarm)) notice.mail ??= (await sinks.prepareMail?.(alarm, now)) ?? null
    const mail = notice.mail?.row ?? null
    notice.isClaimed = await claimNotice(db, { id, alarmId: alarm.id, count: alarm.count, mail }, now)
    return notice.isClaimed
  }

  const attempt = async (notice: Notice, now: number): Promise<void> => {
    const { id, alarm } = notice
    notice.nextTryAt = now + ALARM_RETRY_SECONDS
    spool.set(id, notice)
    let mailed: Promise<void> | undefined
    try {
      if (!notice.isClaimed) {
        if (!(await claim(notice, now))) {
          spool.delete(id)
          return
        }
        mailed = notice.mail?.deliver()
      }
      if (isToldToWebhooks(alarm)) await sinks.tellWebhooks(alarm, now)
      spool.delete(id)
    } catch (error) {
      const to = notice.isClaimed ? 'webhooks' : 'anyone'
      const name = errorName(error)
      log('error', { event: 'alarm.not_delivered', alarm_id: alarm.id, kind: alarm.kind, to, error: name })
    }
    await mailed
  }

  const tell: AlarmNotices['tell'] = async (alarm, now) => {
    if (now < (settledUntil.get(alarm.id) ?? 0)) return
    settledUntil.set(alarm.id, now + ALARM_NOTICE_SECONDS)
    await attempt({ id: randomId('n'), alarm, mail: null, isClaimed: false, nextTryAt: 0 }, now)
  }

  return {
    tell,

    retry: now =>
      [...spool.values()].filter(({ nextTryAt }) => nextTryAt <= now).map(notice => attempt(notice, now)),

    async tellDue(now) {
      const due = await listUntold(db, now, ALARM_NOTICES_CHUNK)
      await Promise.all(due.map(alarm => tell(alarm, now)))
    },
  }
}
