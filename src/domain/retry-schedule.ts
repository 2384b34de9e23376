// When a queued message is tried again. The queue counts how often it has handed the message over; a wait that is longer
// than it can delay is waited for in legs, after all but the last of which nothing is tried.
import { QUEUE_DELAY_MAX_SECONDS } from './limits.ts'

interface Leg {
  readonly seconds: number
  readonly endsInTry: boolean
}

export interface RetrySchedule {
  readonly legs: readonly Leg[]
  /** By what share a wait may become longer, so that what failed together does not come back together. */
  readonly jitter: number
}

/** @param backoff seconds between two tries @param jitter 0 … 1 */
export function createSchedule(backoff: readonly number[], jitter = 0): RetrySchedule {
  const legs = backoff.flatMap(wait => {
    const count = Math.ceil((wait * (1 + jitter)) / QUEUE_DELAY_MAX_SECONDS)
    return Array.from({ length: count }, (_, index) => ({
      seconds: Math.round(wait / count),
      endsInTry: index === count - 1,
    }))
  })
  return { legs, jitter }
}

export interface Step {
  /** false on the way through a long wait. */
  readonly isTry: boolean
  /** This one included. */
  readonly tries: number
  /** null when this try was the last. */
  readonly nextInSeconds: number | null
}

/** @param handedOver how often the queue has handed the message over, from 1 on @param random 0 … 1 */
export function stepOf({ legs, jitter }: RetrySchedule, handedOver: number, random: number): Step {
  const past = legs.slice(0, handedOver - 1)
  const next = legs[handedOver - 1]
  return {
    isTry: past.at(-1)?.endsInTry ?? true,
    tries: 1 + past.filter(leg => leg.endsInTry).length,
    nextInSeconds: next === undefined ? null : Math.round(next.seconds * (1 + jitter * random)),
  }
}
