// Alarms as an operator reads them.
import { DAY_SECONDS } from '../../../src/domain/limits.ts'
import { admin, type Service } from './service.ts'

export interface AlarmView {
  readonly id: string
  readonly kind: string
  readonly severity: string
  readonly first_at: string
  readonly last_at: string
  readonly count: number
  readonly kid: string | null
  readonly client_id: string | null
  readonly user_id: string | null
  readonly detail: string
  readonly acknowledged_at: string | null
}

export async function listAlarms(service: Service, kind?: string): Promise<AlarmView[]> {
  const response = await service.request('/admin/v1/alarms', admin(service))
  const { alarms } = (await response.json()) as { alarms: AlarmView[] }
  return alarms.filter(alarm => kind === undefined || alarm.kind === kind)
}

/** How often something of this kind, or of any, has been noticed so far. */
export async function alarmCount(service: Service, kind?: string): Promise<number> {
  return (await listAlarms(service, kind)).reduce((sum, alarm) => sum + alarm.count, 0)
}

/** A time at which no test crosses midnight, where a new alarm is opened for what goes on. */
export const noonAhead = (now: number): number => Math.ceil(now / DAY_SECONDS) * DAY_SECONDS + DAY_SECONDS / 2
