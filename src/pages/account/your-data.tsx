// What is kept about the user and for how long, the way to take it away, and the way to have it deleted.
import type { FC } from 'hono/jsx'
import type { Retention } from '../../domain/retention.ts'
import { Fill } from '../fill.tsx'
import { counted } from '../plural.ts'
import { texts } from '../texts.ts'

/** In words. */
export const daysOf = (retention: Retention) => ({
  details: counted(texts.days, retention.logDetailsDays),
  deleted: counted(texts.days, retention.deletedLogDays),
  alarms: counted(texts.days, retention.alarmDays),
  deliveries: counted(texts.days, retention.webhookDeliveryDays),
})

export const YourData: FC<{ readonly retention: Retention }> = ({ retention }) => {
  const words = texts.yourData
  const days = daysOf(retention)
  return (
    <section aria-labelledby="your-data">
      <h2 id="your-data">{words.title}</h2>
      <p class="hint">{words.lead}</p>
      <p class="hint">
        <Fill text={words.log} values={days} />
      </p>
      <p class="hint">
        <Fill text={words.others} values={days} />
      </p>
      <p class="ways">
        <a class="button" href="/account/data.json" download>
          {words.download}
        </a>
        <a class="button" href="/account/delete">
          {words.delete}
        </a>
      </p>
    </section>
  )
}
