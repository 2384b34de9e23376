// The mail to whoever runs the service: what an alarm is and how often it was raised, by ids alone. Pure.
import { html } from 'hono/html'
import type { AlarmReport } from '../domain/alarm.ts'
import { frame, labelled, paragraphs } from './frame.ts'
import { inUtc } from './in-utc.ts'
import type { MailMessage } from './message.ts'

export function alarmMessage(to: string, issuer: string, alarm: AlarmReport): MailMessage {
  const { id, kind, severity, kid, count, firstAt, lastAt, detail } = alarm
  const subject = `Alarm (${severity}): ${kind}`
  const what = `${issuer} raised the alarm ${kind}.`
  const facts = [
    `Severity: ${severity}`,
    `Count: ${count}`,
    `First: ${inUtc(firstAt)}`,
    `Last: ${inUtc(lastAt)}`,
    ...labelled('Key', kid),
    ...labelled('Sample', detail),
    `Alarm: ${id}`,
  ]
  const next = `Look at it with GET ${issuer}/admin/v1/alarms, and acknowledge it there: the next of its kind is then a new alarm. While this one grows, there is at most one mail an hour.`
  return {
    to,
    subject,
    text: `${[what, facts.join('\n'), next].join('\n\n')}\n`,
    html: frame(subject, html`${paragraphs([what, ...facts, next])}`),
  }
}
