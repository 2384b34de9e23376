// Times as people say them: relative, so that no time zone has to be guessed; exact in `datetime`.
import type { FC } from 'hono/jsx'
import { DAY_SECONDS, MINUTE_SECONDS } from '../domain/limits.ts'
import { texts } from './texts.ts'

const HOUR_SECONDS = 60 * MINUTE_SECONDS

const UNITS = [
  ['day', DAY_SECONDS],
  ['hour', HOUR_SECONDS],
  ['minute', MINUTE_SECONDS],
] as const

const relative = new Intl.RelativeTimeFormat(texts.language, { numeric: 'always' })

/** "3 days ago", "in 2 hours"; the largest unit that fits, rounded towards now. */
export function relativeTime(at: number, now: number): string {
  const seconds = at - now
  const [unit, size] = UNITS.find(([, unitSize]) => Math.abs(seconds) >= unitSize) ?? UNITS[2]
  const count = Math.trunc(seconds / size)
  return relative.format(count === 0 && seconds <= 0 ? -0 : count, unit)
}

export const Moment: FC<{ readonly at: number; readonly now: number }> = ({ at, now }) => (
  <time datetime={new Date(at * 1000).toISOString()}>{relativeTime(at, now)}</time>
)
