// What one isolate remembers of keys that are over their limit: a flood costs no further call of an object, and a right
// guess within it gains nothing.
import type { Allowance } from './rate-limiter.ts'

export interface Bars {
  /** null when nothing is remembered of this key. */
  find(key: string, now: number): Allowance | null
  add(key: string, refusal: Allowance, now: number): void
}

const BARS_MAX = 10_000

export function createBars(): Bars {
  const endings = new Map<string, number>()
  return {
    find(key, now) {
      const endsAt = endings.get(key)
      if (endsAt === undefined) return null
      if (endsAt > now) return { isAllowed: false, retryAfterSeconds: endsAt - now }
      endings.delete(key)
      return null
    },
    add(key, { retryAfterSeconds }, now) {
      // What is forgotten is learned again from the object, at the next wrong guess.
      if (endings.size >= BARS_MAX) endings.clear()
      endings.set(key, now + retryAfterSeconds)
    },
  }
}
