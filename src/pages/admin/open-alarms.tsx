// Alarms that nobody has acknowledged, with the button that does. The next of its kind is a new alarm.
import type { FC } from 'hono/jsx'
import { Form } from '../form.tsx'
import { Moment } from '../moment.tsx'
import { texts } from '../texts.ts'
import { format } from './plot.tsx'

export interface AlarmProps {
  readonly id: string
  readonly kind: string
  readonly severity: string
  readonly count: number
  /** Seconds. */
  readonly first_at: number
  readonly last_at: number
  readonly detail: string
}

interface OpenAlarmsProps {
  readonly csrfToken: string
  readonly alarms: readonly AlarmProps[]
  readonly now: number
}

export const OpenAlarms: FC<OpenAlarmsProps> = ({ csrfToken, alarms, now }) => {
  const words = texts.admin.alarms
  return (
    <section>
      <h2>{words.title}</h2>
      {alarms.length === 0 && <p class="hint">{words.empty}</p>}
      <ul class="cards">
        {alarms.map(alarm => (
          <li class="card row worrying">
            <p class="badge">{alarm.severity}</p>
            <h3>
              {alarm.kind} <span class="hint">× {format(alarm.count)}</span>
            </h3>
            <p>
              <bdi>{alarm.detail}</bdi>
            </p>
            <p class="hint">
              {words.first} <Moment at={alarm.first_at} now={now} />, {words.last}{' '}
              <Moment at={alarm.last_at} now={now} /> · <code>{alarm.id}</code>
            </p>
            <Form action="/admin/acknowledge" csrfToken={csrfToken} hidden={{ alarm_id: alarm.id }}>
              <button type="submit" class="button more">
                {words.acknowledge}
                <span class="unseen"> {alarm.kind}</span>
              </button>
            </Form>
          </li>
        ))}
      </ul>
    </section>
  )
}
