// Tokens that were found good, by their exact text: the least recently used go first, and a retired one goes at once.

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

/**
 * Two generations: what is used moves into the young one, and when that is full the old one goes as a whole. Whatever is
 * among the last half of `capacity` different tokens that were used is still there; finding one costs a look-up.
 */
export function createTokenMemory<Claims>(capacity: number): TokenMemory<Claims> {
  type Entry = RememberedToken<Claims>
  const half = Math.max(1, Math.floor(capacity / 2))
  let young = new Map<string, Entry>()
  let old = new Map<string, Entry>()
  const byJti = new Map<string, Entry>()

  const keep = (entry: Entry): void => {
    if (young.size >= half) {
      for (const { jti } of old.values()) byJti.delete(jti)
      old = young
      young = new Map()
    }
    young.set(entry.token, entry)
  }

  const forget = (jti: string): void => {
    const entry = byJti.get(jti)
    if (entry === undefined) return
    byJti.delete(jti)
    young.delete(entry.token)
    old.delete(entry.token)
  }

  return {
    find(token) {
      const used = young.get(token)
      if (used !== undefined) return used
      const found = old.get(token)
      if (found === undefined) return undefined
      old.delete(token)
      keep(found)
      return found
    },
    remember(entry) {
      forget(entry.jti)
      keep(entry)
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
