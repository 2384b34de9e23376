// The operator's page: what happened in the last day and month, and how things stand. Ids and codes, no secret.
import type { FC } from 'hono/jsx'
import type { ReasonCount, SeriesName, Span } from '../../domain/figures.ts'
import { rfc3339 } from '../../domain/time.ts'
import { Form } from '../form.tsx'
import { Layout } from '../layout.tsx'
import { exactTime, Moment } from '../moment.tsx'
import { texts } from '../texts.ts'
import { type AlarmProps, OpenAlarms } from './open-alarms.tsx'
import { format, Plot } from './plot.tsx'
import { Standing, type StandingProps } from './standing.tsx'
import { Table } from './table.tsx'

export interface AdminPageProps {
  readonly csrfToken: string
  readonly stats: StandingProps & {
    /** Seconds. */
    readonly at: number
    readonly hours: readonly Span[]
    readonly days: readonly Span[]
    readonly refused: readonly ReasonCount[]
    readonly ended: readonly ReasonCount[]
    readonly alarms: readonly AlarmProps[]
  }
}

export const AdminPage: FC<AdminPageProps> = ({ csrfToken, stats }) => {
  const words = texts.admin
  const signOut = (
    <Form action="/admin/sign-out" csrfToken={csrfToken}>
      <button type="submit" class="button">
        {words.signOut}
      </button>
    </Form>
  )
  return (
    <Layout title={words.title} csrfToken={csrfToken} stylesheet="admin.css" wide aside={signOut}>
      <h1>{words.title}</h1>
      <p class="lead">
        <time datetime={rfc3339(stats.at)}>{exactTime(stats.at)}</time> · <a href="/admin">{words.refresh}</a>
      </p>
      <OpenAlarms csrfToken={csrfToken} alarms={stats.alarms} now={stats.at} />
      <Standing {...stats} now={stats.at} />
      <Period
        title={words.hours.title}
        spans={stats.hours}
        series={['sign_ins', 'refreshes', 'ended', 'refusals']}
        each={words.hours.each}
        nameOf={hourOf}
      />
      <Period
        title={words.days.title}
        spans={stats.days}
        series={['sign_ins', 'refusals']}
        each={words.days.each}
        nameOf={dayOf}
      />
      <Reasons words={words.refused} reasons={stats.refused} />
      <Reasons words={words.ended} reasons={stats.ended} />
      <p class="foot">
        {words.cron} {stats.cronAt === null ? words.never : <Moment at={stats.cronAt} now={stats.at} />}.{' '}
        {words.kept}
      </p>
    </Layout>
  )
}

interface PeriodProps {
  readonly title: string
  readonly spans: readonly Span[]
  /** Those that are drawn; the table has all. */
  readonly series: readonly SeriesName[]
  readonly each: string
  readonly nameOf: (at: number) => string
}

const Period: FC<PeriodProps> = ({ title, spans, series, each, nameOf }) => {
  const words = texts.admin
  const shown = Object.keys(words.series) as SeriesName[]
  const middle = spans[spans.length / 2]
  return (
    <section>
      <h2>{title}</h2>
      <div class="plots">
        {series.map(name => (
          <Plot
            title={words.series[name].title}
            values={spans.map(span => span[name])}
            marks={[spans[0], middle, spans.at(-1)].map((span, at) =>
              span === undefined ? '' : `${nameOf(span.at)}${at === 2 ? ` ${words.utc}` : ''}`,
            )}
            each={each}
            empty={words.series[name].empty}
          />
        ))}
      </div>
      <details class="more">
        <summary>{words.asTable}</summary>
        <Table
          caption={title}
          head={[words.utc, ...shown.map(name => words.series[name].title)]}
          rows={spans.toReversed().map(span => [nameOf(span.at), ...shown.map(name => format(span[name]))])}
        />
      </details>
    </section>
  )
}

interface ReasonsProps {
  readonly words: { readonly title: string; readonly empty: string }
  readonly reasons: readonly ReasonCount[]
}

const Reasons: FC<ReasonsProps> = ({ words, reasons }) => (
  <section>
    <h2>{words.title}</h2>
    {reasons.length === 0 ? (
      <p class="hint">{words.empty}</p>
    ) : (
      <Table
        caption={words.title}
        head={[texts.admin.reason, texts.admin.hours.short, texts.admin.days.short]}
        rows={reasons.map(({ reason, day, month }) => [reason, format(day), format(month)])}
      />
    )}
  </section>
)

const hourOf = (at: number): string => `${rfc3339(at).slice(11, 16)}`
const dayOf = (at: number): string => rfc3339(at).slice(5, 10)
