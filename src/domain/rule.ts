// A client's rule: how many sessions one user may have on it, and what happens at the limit.
import { SESSIONS_PER_CLIENT_MAX } from './limits.ts'

export type AtLimit = 'replace_oldest' | 'replace_least_recent' | 'refuse'

export interface SessionRule {
  /** null: no limit of the client's own; the ceiling for everybody remains. */
  readonly limit: number | null
  readonly at_limit: AtLimit
}

export const DEFAULT_RULE: SessionRule = { limit: 1, at_limit: 'replace_oldest' }

/** The rule as it counts: with the ceiling, and with the user's own tightening, which can never loosen it. */
export function effectiveRule(
  rule: SessionRule,
  oneSessionPerClient: boolean,
): { limit: number; atLimit: AtLimit } {
  const own = rule.limit ?? Number.POSITIVE_INFINITY
  const limit = Math.min(own, oneSessionPerClient ? 1 : own, SESSIONS_PER_CLIENT_MAX)
  // The ceiling and a preference are not the client's wish: they replace, they do not refuse.
  return { limit, atLimit: limit < own ? 'replace_least_recent' : rule.at_limit }
}
