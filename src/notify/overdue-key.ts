// A signing key that signs on although it should have been replaced: cron does not run, or cannot.
import type { Alarm } from './alarms.ts'

export const overdueKey = (kid: string): Alarm => ({
  kind: 'key.overdue',
  kid,
  clientId: null,
  userId: null,
  detail: 'the signing key should have been replaced a week ago',
})
