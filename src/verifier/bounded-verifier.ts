// Bounded validation: a token that was strongly verified here costs a look-up in memory, as long as the feed of
// retirements was read within the bound. The feed is read when a token is being checked, once for all who wait.
import type { FeedPosition } from './feed-position.ts'
import { settlesInTime } from './in-time.ts'
import { createTokenMemory, type Moment } from './token-memory.ts'

/** How long a retired token may still be taken for a live one. */
export const BOUND_MS = 1_000
/** Tokens that are remembered, unless somebody says otherwise. */
export const REMEMBERED_TOKENS = 10_000
const NEVER: Moment = { at: 0, doubts: -1 }
/** Whoever waits for a reading that somebody else began does so no longer than this. */
const FOLLOW_MS = 3_000

/** What has to be known of a token to remember it. */
export interface RememberableClaims {
  readonly jti: string
}

export interface Verified<Claims> {
  readonly tag: 'accepted'
  readonly claims: Claims
  readonly kid: string
  /** Where the feed ended before the token was looked up; null for a token that must not be remembered. */
  readonly position: FeedPosition | null
  /** Seconds since the epoch: for how long it may be remembered. */
  readonly until: number
}

export type StrongAnswer<Claims, Refusal> = Verified<Claims> | Refused<Refusal>

export type Refused<Refusal> = Refusal & { readonly tag: 'refused' }

export interface FeedAnswer {
  /** `jti` of every token that was retired after the position that was asked for. */
  readonly retired: readonly string[]
  readonly seq: number
  /** The keys that are published: what any other has signed is no longer good. */
  readonly kids: readonly string[]
}

/** Where the truth is: the service's own storage, or the service for a resource server. */
export interface TokenSource<Claims, Refusal> {
  /** Throws when the truth is out of reach. */
  verify(token: string): Promise<StrongAnswer<Claims, Refusal>>
  /** null when the feed does not go on from there: whatever rests on it is forgotten. Throws when it cannot be read. */
  retirements(after: FeedPosition): Promise<FeedAnswer | null>
}

export interface Accepted<Claims> {
  readonly tag: 'accepted'
  readonly claims: Claims
  /** Milliseconds since the epoch: every retirement up to then is known. */
  readonly asOf: number
}

/** One check, by the clock and within the request of whoever asks. */
export interface Check<Claims, Refusal> {
  readonly source: TokenSource<Claims, Refusal>
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  /** Lets a reading that others wait for outlive the request that began it. */
  readonly waitUntil: (work: Promise<unknown>) => void
}

export interface BoundedVerifier<Claims> {
  /** What memory alone can answer within the bound. */
  recall(token: string, nowMs: number): Accepted<Claims> | null
  /** Throws what the source throws when the truth is out of reach. */
  verify<Refusal>(token: string, check: Check<Claims, Refusal>): Promise<Accepted<Claims> | Refused<Refusal>>
  /** Something was changed here: what is known from before is no longer enough, within the bound neither. */
  doubt(): void
  /** Tokens in memory. */
  readonly size: number
}

interface Feed {
  seq: number
  read: Moment
  kids: readonly string[] | null
  reading: Promise<void> | null
}

export function createBoundedVerifier<Claims extends RememberableClaims>({
  boundMs = BOUND_MS,
  capacity = REMEMBERED_TOKENS,
} = {}): BoundedVerifier<Claims> {
  const memory = createTokenMemory<Claims>(capacity)
  const feeds = new Map<string, Feed>()

  let doubts = 0

  const isFresh = (moment: Moment, nowMs: number): boolean =>
    moment.doubts === doubts && Math.abs(nowMs - moment.at) < boundMs

  const recall = (token: string, nowMs: number): Accepted<Claims> | null => {
    const entry = memory.find(token)
    if (entry === undefined || entry.until * 1_000 <= nowMs) return null
    const read = feeds.get(entry.feed)?.read ?? NEVER
    const known = isFresh(read, nowMs) ? read : entry.checked
    return isFresh(known, nowMs) ? { tag: 'accepted', claims: entry.claims, asOf: known.at } : null
  }

  const read = async (name: string, feed: Feed, { source, nowMs }: Check<Claims, unknown>): Promise<void> => {
    const begun = { at: nowMs, doubts }
    const answer = await source.retirements({ feed: name, seq: feed.seq })
    if (answer === null) {
      feeds.delete(name)
      memory.forgetWhere(entry => entry.feed === name)
      return
    }
    for (const jti of answer.retired) memory.forget(jti)
    if (answer.kids.join() !== feed.kids?.join()) {
      memory.forgetWhere(entry => entry.feed === name && !answer.kids.includes(entry.kid))
    }
    feed.kids = answer.kids
    feed.seq = answer.seq
    feed.read = begun
  }

  /** Reads on, or waits for who does. Whether it worked is seen by what is known afterwards. */
  const follow = async (name: string, check: Check<Claims, unknown>): Promise<void> => {
    const feed = feeds.get(name)
    if (feed === undefined) return
    if (feed.reading === null) {
      const reading = read(name, feed, check)
        .catch(() => {})
        .finally(() => {
          if (feed.reading === reading) feed.reading = null
        })
      feed.reading = reading
      check.waitUntil(reading)
    }
    const { reading } = feed
    // The request that began it may be gone, and its reading with it.
    if (!(await settlesInTime(reading, FOLLOW_MS)) && feed.reading === reading) feed.reading = null
  }

  const remember = (
    token: string,
    { claims, kid, position, until }: Verified<Claims>,
    checked: Moment,
    check: Check<Claims, unknown>,
  ): void => {
    if (position === null) return
    const feed = feeds.get(position.feed)
    if (feed === undefined) {
      feeds.set(position.feed, { seq: position.seq, read: NEVER, kids: null, reading: null })
    } else if (feed.seq > position.seq || feed.kids?.includes(kid) === false) {
      // What the feed has told since the token was looked up, nobody would tell again. Or it is our own reading that is out
      // of date: the database was restored, the keys are others.
      if (!isFresh(feed.read, check.nowMs)) void follow(position.feed, check)
      return
    }
    memory.remember({ token, claims, jti: claims.jti, kid, feed: position.feed, checked, until })
  }

  return {
    recall,
    async verify(token, check) {
      const known = recall(token, check.nowMs)
      if (known !== null) return known
      const entry = memory.find(token)
      if (entry !== undefined && entry.until * 1_000 > check.nowMs) {
        await follow(entry.feed, check)
        const followed = recall(token, check.nowMs)
        if (followed !== null) return followed
      }
      const begun = { at: check.nowMs, doubts }
      const answer = await check.source.verify(token)
      if (answer.tag === 'refused') return answer
      remember(token, answer, begun, check)
      return { tag: 'accepted', claims: answer.claims, asOf: check.nowMs }
    },
    doubt: () => void doubts++,
    get size() {
      return memory.size
    },
  }
}
