// A client's rule: how many sessions one user may have on it, and what happens at the limit.
import { SESSIONS_PER_CLIENT_MAX } from './limits.ts'

export type AtLimit = 'replace_oldest' | 'replace_least_recent' | 'refuse'

export interface SessionRule {
  /** null: no limit of the client's own; the ceiling for everybody remains. */
  readonly limit: number | null
  readonly at_limit: AtLimit
}

export const DEFAULT_RULE: SessionRule = { limit: 1, at_limit: 'replace_oldest' }

/** Whether the client's own rule turns a further sign-in away. No preference changes that: it can only tighten. */
export const refusesAnother = (rule: SessionRule, live: number): boolean =>
  rule.at_limit === 'refuse' && rule.limit !== null && live >= rule.limit

/** How many there may be after a sign-in, by the client's rule, the user's own tightening and the ceiling. */
export function effectiveRule(
  rule: SessionRule,
  oneSessionPerClient: boolean,
): { limit: number; replace: Exclude<AtLimit, 'refuse'> } {
  const own = rule.limit ?? Number.POSITIVE_INFINITY
  const limit = Math.min(own, oneSessionPerClient ? 1 : own, SESSIONS_PER_CLIENT_MAX)
  // The ceiling and a preference are not the client's wish: they replace what is used least.
  return {
    limit,
    replace: rule.at_limit === 'replace_oldest' && limit === own ? 'replace_oldest' : 'replace_least_recent',
  }
}
