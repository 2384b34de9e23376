// What is read of a user in the same call as the proof of who asks: a round trip less. It is read of whoever the proof names,
// before it is judged, and nobody sees it unless the proof is good.

export interface UserRead<Found> {
  statements(db: D1Database, userId: string): D1PreparedStatement[]
  /** @param results of `statements`, in their order */
  found(userId: string, results: readonly D1Result[]): Found
}

/** For who asks, and nothing else. */
export const NOTHING: UserRead<null> = { statements: () => [], found: () => null }
