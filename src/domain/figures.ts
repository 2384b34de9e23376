// Figures for operators, from how often each record was made.
import { DAY_SECONDS, HOUR_SECONDS } from './limits.ts'

export interface RecordCount {
  /** In seconds, when the hour or day began (UTC). */
  readonly since: number
  readonly code: string
  /** Empty where the record has none. */
  readonly reason: string
  readonly count: number
  readonly lastAt: number
}

/** The series, and the codes of the records that they count. */
export const SERIES = {
  sign_ins: ['session.created'],
  refreshes: ['token.refreshed'],
  ended: ['session.ended'],
  refusals: ['request.refused', 'request.failed', 'sign_in.refused', 'sign_in.held_back'],
} as const

export type SeriesName = keyof typeof SERIES

/** One hour or day of each series. */
export type Span = { readonly at: number } & Readonly<Record<SeriesName, number>>

export interface ReasonCount {
  readonly reason: string
  readonly day: number
  readonly month: number
}

export const SHOWN_HOURS = 24
export const SHOWN_DAYS = 30

/** When the first of the hours and of the days begins that are shown. */
export const firstHour = (now: number): number => floor(now, HOUR_SECONDS) - (SHOWN_HOURS - 1) * HOUR_SECONDS
export const firstDay = (now: number): number => floor(now, DAY_SECONDS) - (SHOWN_DAYS - 1) * DAY_SECONDS

/** Each of `length` spans from `first` on, those in which nothing happened too. */
export function spansOf(
  counts: readonly RecordCount[],
  first: number,
  spanSeconds: number,
  length: number,
): Span[] {
  return Array.from({ length }, (_, index) => {
    const at = first + index * spanSeconds
    const here = counts.filter(({ since }) => since === at)
    const sums = Object.keys(SERIES).map(name => [name, sumOf(here, SERIES[name as SeriesName])])
    return { at, ...(Object.fromEntries(sums) as Record<SeriesName, number>) }
  })
}

/** The most frequent of the month first. A record without a reason goes by its code. */
export function reasonsOf(
  hours: readonly RecordCount[],
  days: readonly RecordCount[],
  codes: readonly string[],
): ReasonCount[] {
  const named = (counts: readonly RecordCount[]) =>
    counts
      .filter(({ code }) => codes.includes(code))
      .map(each => ({ ...each, code: each.reason || each.code }))
  const [ofDay, ofMonth] = [named(hours), named(days)]
  return [...new Set(ofMonth.map(({ code }) => code))]
    .map(reason => ({ reason, day: sumOf(ofDay, [reason]), month: sumOf(ofMonth, [reason]) }))
    .sort((a, b) => b.month - a.month || (a.reason < b.reason ? -1 : 1))
}

const sumOf = (counts: readonly RecordCount[], codes: readonly string[]): number =>
  counts.reduce((sum, { code, count }) => (codes.includes(code) ? sum + count : sum), 0)

const floor = (seconds: number, span: number): number => seconds - (seconds % span)
