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

/** Whatever is among the last `capacity` different tokens that were used is still there: a map keeps the order of use. */
export function createTokenMemory<Claims>(capacity: number): TokenMemory<Claims> {
  type Entry = RememberedToken<Claims>
  const byToken = new Map<string, Entry>()
  const byJti = new Map<string, Entry>()

  const forget = (jti: string): void => {
    const entry = byJti.get(jti)
    if (entry === undefined) return
    byJti.delete(jti)
    byToken.delete(entry.token)
  }

  return {
    find(token) {
      const found = byToken.get(token)
      if (found === undefined) return undefined
      byToken.delete(token)
      byToken.set(token, found)
      return found
    },
    remember(entry) {
      forget(entry.jti)
      if (byToken.size >= capacity) forget(byToken.values().next().value?.jti ?? '')
      byToken.set(entry.token, entry)
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
