// Bounded validation in closed form: how many checks find their token remembered, and how often feeds are read.

export interface Region {
  readonly isolates: number
  /** Tokens in use. */
  readonly tokens: number
  /** Checks a second, of all of them. */
  readonly checks: number
  readonly tokenLifeSeconds: number
  readonly rememberedTokens: number
  readonly isolateLifeSeconds: number
  readonly boundSeconds: number
  readonly shards: number
}

export interface Reads {
  /** A second, over all isolates and shards. */
  readonly firstChecks: number
  readonly feedReadings: number
}

/**
 * Checks of a token come independently, at random isolates. A token is found there if it was used within the time in
 * which as many other tokens as there is room for were used (Che's approximation of LRU).
 */
export function readsOf(region: Region): Reads {
  const { isolates, tokens, checks, tokenLifeSeconds, boundSeconds, shards } = region
  if (checks === 0) return { firstChecks: 0, feedReadings: 0 }
  const rate = checks / tokens / isolates
  const life = Math.min(tokenLifeSeconds, region.isolateLifeSeconds)
  const kept = Math.min(life, keptSeconds(rate, region))
  // One at its first use, and one after each time in which it went unused for too long.
  const missesPerLife = 1 - Math.exp(-rate * kept) + rate * (life - kept) * Math.exp(-rate * kept)
  const firstChecks = (tokens * isolates * missesPerLife) / life
  // A reading comes with the first remembered token after the bound: one each `bound + 1/rate`.
  const remembered = Math.max(0, checks - firstChecks) / isolates / shards
  const feedReadings = (isolates * shards * remembered) / (1 + boundSeconds * remembered)
  return { firstChecks, feedReadings }
}

/** How long a token that goes unused stays in the memory of an isolate. */
function keptSeconds(rate: number, { tokens, rememberedTokens }: Region): number {
  return rememberedTokens >= tokens
    ? Number.POSITIVE_INFINITY
    : -Math.log(1 - rememberedTokens / tokens) / rate
}
