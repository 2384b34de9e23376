// Tokens that were found good, by their exact text: the least recently used go first, and a retired one goes at once.
import { createRecent } from './recent.ts'

/** When somebody began to read the truth. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** How often what is known had been doubted by then. */
  readonly doubts: number
}

/** A token that was strongly verified. */
export interface RememberedToken<Claims> {
  readonly token: string
  readonly claims: Claims
  readonly jti: string
  /** Of the key that signed it. */
  readonly kid: string
  /** The feed that tells when it is retired. */
  readonly feed: string
  /** When it was verified. */
  readonly checked: Moment
  /** Seconds since the epoch: from then on it has to be verified anew. */
  readonly until: number
}

export interface TokenMemory<Claims> {
  find(token: string): RememberedToken<Claims> | undefined
  remember(entry: RememberedToken<Claims>): void
  forget(jti: string): void
  forgetWhere(isForgotten: (entry: RememberedToken<Claims>) => boolean): void
  readonly size: number
}

/** Whatever is among the last `capacity` different tokens that were used is still there. */
export function createTokenMemory<Claims>(capacity: number): TokenMemory<Claims> {
  type Entry = RememberedToken<Claims>
  const byJti = new Map<string, Entry>()
  const byToken = createRecent<Entry>(capacity, ({ jti }) => byJti.delete(jti))

  const forget = (jti: string): void => {
    const entry = byJti.get(jti)
    if (entry === undefined) return
    byJti.delete(jti)
    byToken.forget(entry.token)
  }

  return {
    find: byToken.find,
    remember(entry) {
      forget(entry.jti)
      byToken.remember(entry.token, entry)
      byJti.set(entry.jti, entry)
    },
    forget,
    forgetWhere(isForgotten) {
      for (const entry of [...byJti.values()]) if (isForgotten(entry)) forget(entry.jti)
    },
    get size() {
      return byJti.size
    },
  }
}
