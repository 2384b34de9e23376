// How long a deployment keeps what tells of a person: its settings, in whole days.

export interface Retention {
  /** Device, place and marks of an entry of the log. */
  readonly logDetailsDays: number
  /** An entry of the log whose user is deleted. */
  readonly deletedLogDays: number
  /** An alarm, after the last of its kind that day. */
  readonly alarmDays: number
  /** What became of a message to a webhook. */
  readonly webhookDeliveryDays: number
}
