// A slice of one region, event by event, with the service's own verifier in each isolate: what the closed form is held
// against. Time is played; nothing is sent anywhere.
import { createBoundedVerifier, type TokenSource } from '../../verifier/bounded-verifier.ts'
import type { Reads, Region } from './memory.ts'
import { seeded } from './random.ts'

export interface Slice extends Region {
  /** Seconds that are counted, after as long a time that is not. */
  readonly seconds: number
  readonly seed: number
  /** Of the tokens that come to their end, those that are revoked before. */
  readonly revokedShare: number
}

export interface Played extends Reads {
  /** The longest time after its revocation at which a token was still accepted. */
  readonly longestAcceptedMs: number
}

const NOTHING = { firstChecks: 0, feedReadings: 0, feedEntriesRead: 0 }
/** Checks of a revoked token, a check of any other. */
const THIEVES = 0.05

interface Claims {
  readonly jti: string
  readonly exp: number
}
interface Token extends Claims {
  readonly shard: number
  readonly endsAtMs: number
  revokedAtMs: number | null
}

export async function play(slice: Slice): Promise<Played> {
  const random = seeded(slice.seed)
  const feeds = Array.from({ length: slice.shards }, (): { jti: string; seq: number }[] => [])
  const known = new Map<string, Token>()
  let nowMs = 0
  let made = 0
  const counts = { ...NOTHING }
  let longestAcceptedMs = 0

  const issue = (ageMs: number): Token => {
    const lifeMs = slice.tokenLifeSeconds * 1_000
    const token: Token = {
      jti: `t${made++}`,
      exp: Math.ceil((nowMs + lifeMs - ageMs) / 1_000) + 1,
      shard: Math.floor(random() * slice.shards),
      endsAtMs: nowMs + lifeMs - ageMs,
      revokedAtMs: null,
    }
    known.set(token.jti, token)
    return token
  }
  const revoke = (token: Token): void => {
    token.revokedAtMs = nowMs
    feeds[token.shard]?.push({ jti: token.jti, seq: newestOf(token.shard) + 1 })
  }
  // Of tokens that nobody asks about any more, entries come evenly.
  const others = slice.retirements / slice.shards
  const newestOf = (shard: number): number =>
    Math.floor((others * nowMs) / 1_000) + (feeds[shard]?.length ?? 0)

  const source: TokenSource<Claims, object> = {
    async verify(text) {
      counts.firstChecks++
      const token = known.get(text)
      if (token === undefined || token.revokedAtMs !== null) return { tag: 'refused' }
      const position = { feed: String(token.shard), seq: newestOf(token.shard) }
      return { tag: 'accepted', claims: token, kid: 'k', position, until: token.exp }
    },
    async retirements({ feed, seq }) {
      counts.feedReadings++
      const [told, newest] = [feeds[Number(feed)] ?? [], newestOf(Number(feed))]
      const most = others === 0 ? slice.feedEntries : Math.min(slice.feedEntries, others * slice.feedSeconds)
      counts.feedEntriesRead += Math.min(newest - seq, most)
      if (newest - seq >= most) return null
      const retired = told.filter(entry => entry.seq > seq).map(entry => entry.jti)
      return { retired, seq: newest, kids: ['k'] }
    },
  }
  const isolate = () =>
    createBoundedVerifier<Claims>({ boundMs: slice.boundSeconds * 1_000, capacity: slice.rememberedTokens })
  const isolates = Array.from({ length: slice.isolates }, isolate)
  const inUse = Array.from({ length: slice.tokens }, () => issue(random() * slice.tokenLifeSeconds * 1_000))
  /** A token that was revoked goes on being shown: by whoever has stolen it. */
  let stolen: Token[] = []

  const check = async (token: Token): Promise<void> => {
    const verifier = isolates[Math.floor(random() * isolates.length)]
    const answer = await verifier?.verify(token.jti, { source, nowMs, waitUntil: () => {} })
    if (answer?.tag === 'accepted' && token.revokedAtMs !== null) {
      longestAcceptedMs = Math.max(longestAcceptedMs, nowMs - token.revokedAtMs)
    }
  }

  const endMs = slice.seconds * 2_000
  while (nowMs < endMs) {
    nowMs += (-Math.log(1 - random()) / slice.checks) * 1_000
    if (nowMs < endMs / 2) Object.assign(counts, NOTHING)
    // At its end a token is followed by another; some are revoked halfway.
    const at = Math.floor(random() * inUse.length)
    let token = inUse[at] as Token
    if (token.endsAtMs <= nowMs) token = inUse[at] = issue(0)
    await check(token)
    const before = { ...counts }
    if (random() < (slice.revokedShare * slice.tokens) / slice.tokenLifeSeconds / slice.checks) {
      revoke(token)
      stolen.push(token)
      inUse[at] = issue(0)
    }
    stolen = stolen.filter(({ revokedAtMs }) => nowMs - (revokedAtMs ?? 0) < 2_000 * slice.boundSeconds)
    const thief = random() < THIEVES ? stolen[Math.floor(random() * stolen.length)] : undefined
    if (thief !== undefined) await check(thief)
    // That a thief's token is no longer known costs a look-up, which the closed form knows nothing of.
    Object.assign(counts, before)
  }
  return {
    firstChecks: counts.firstChecks / slice.seconds,
    feedReadings: counts.feedReadings / slice.seconds,
    feedEntriesRead: counts.feedEntriesRead / slice.seconds,
    longestAcceptedMs,
  }
}
