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
  /** A second, in all feeds. */
  readonly retirements: number
  /** Entries of a feed that are told at once: whoever has missed more forgets what rests on it. */
  readonly feedEntries: number
  /** For which an entry is kept: likewise. */
  readonly feedSeconds: number
}

/** A second, over all isolates and shards. */
export interface Reads {
  readonly firstChecks: number
  readonly feedReadings: number
  /** Entries that those read. */
  readonly feedEntriesRead: number
}

/**
 * Checks of a token come independently, at random isolates. A token is found there if it was used within the time in
 * which as many other tokens as there is room for were used (Che's approximation of LRU), and if its feed was not
 * given up since. Of an isolate and a shard, as all isolates and shards are alike.
 */
export function readsOf(region: Region): Reads {
  const { isolates, shards, checks, retirements, feedEntries, feedSeconds, boundSeconds } = region
  if (checks === 0) return { firstChecks: 0, feedReadings: 0, feedEntriesRead: 0 }
  const pairs = isolates * shards
  const retired = retirements / shards
  const goesOnSeconds =
    retired === 0 ? Number.POSITIVE_INFINITY : Math.min(feedEntries / retired, feedSeconds)
  const spare = Math.max(0, goesOnSeconds - boundSeconds)
  // A reading comes with the first token that is found after the bound: one each `bound + 1/found`.
  const readings = (found: number): number => found / (1 + boundSeconds * found)
  const givenUp = (found: number): number => readings(found) * Math.exp(-found * spare)
  // The more are found, the more rarely is a feed given up, and the other way round.
  let [least, most] = [0, checks / pairs]
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (least + most) / 2
    if ((checks / pairs) * foundShare(region, givenUp(middle)) > middle) least = middle
    else most = middle
  }
  // What has come since the last reading, up to where the feed does not go on.
  const sinceLast = boundSeconds + (least === 0 ? spare : -Math.expm1(-least * spare) / least)
  return {
    firstChecks: checks - pairs * (least - givenUp(least)),
    feedReadings: pairs * readings(least),
    feedEntriesRead: pairs * readings(least) * retired * Math.min(sinceLast, goesOnSeconds),
  }
}

const HALVINGS = 60

/** @param givenUp how often a second an isolate forgets a shard's tokens */
function foundShare(region: Region, givenUp: number): number {
  const { isolates, tokens, checks, tokenLifeSeconds } = region
  const rate = checks / tokens / isolates
  const life = Math.min(tokenLifeSeconds, region.isolateLifeSeconds)
  const kept = Math.min(life, keptSeconds(rate, region))
  // The use before is younger than what is kept, and than the token, and nothing was forgotten since.
  const either = rate + givenUp
  const gone = Math.exp(-either * kept)
  return (rate / either) * ((kept - (1 - gone) / either + (life - kept) * (1 - gone)) / life)
}

/** How long a token that goes unused stays in the memory of an isolate. */
function keptSeconds(rate: number, { tokens, rememberedTokens }: Region): number {
  return rememberedTokens >= tokens
    ? Number.POSITIVE_INFINITY
    : -Math.log(1 - rememberedTokens / tokens) / rate
}
