// Times as people say them: relative, so that no time zone has to be guessed; exact in `datetime`.
import type { Child, FC } from 'hono/jsx'
import { DAY_SECONDS, MINUTE_SECONDS } from '../domain/limits.ts'
import { texts } from './texts.ts'

const UNITS = [
  ['day', DAY_SECONDS],
  ['hour', 60 * MINUTE_SECONDS],
  ['minute', MINUTE_SECONDS],
] as const

const relative = new Intl.RelativeTimeFormat(texts.language)

/** "3 days ago", "in 2 hours": the largest unit that fits, as often as it has passed, or as it is nearly to come. */
export function relativeTime(at: number, now: number): string {
  const seconds = at - now
  const fitting = UNITS.find(([, size]) => Math.abs(seconds) >= size)
  if (fitting === undefined) return seconds > 0 ? texts.time.soon : texts.time.justNow
  const [unit, size] = fitting
  return relative.format(seconds < 0 ? Math.trunc(seconds / size) : Math.round(seconds / size), unit)
}

const exact = new Intl.DateTimeFormat(texts.language, {
  dateStyle: 'medium',
  timeStyle: 'short',
  hourCycle: 'h23',
  timeZone: 'UTC',
})

/** "Nov 13, 2026, 08:02 UTC". */
export const exactTime = (at: number): string => `${exact.format(new Date(at * 1000))} UTC`

interface MomentProps {
  readonly at: number
  readonly now: number
  /** What to say instead of the relative time. */
  readonly children?: Child
}

export const Moment: FC<MomentProps> = ({ at, now, children }) => (
  <time datetime={new Date(at * 1000).toISOString()}>{children ?? relativeTime(at, now)}</time>
)
