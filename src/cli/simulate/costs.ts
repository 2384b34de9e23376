// What an operation costs, held against D1's own count by the tests, so that the model cannot drift from the service:
// statements and rows written are those, calls and rows read their bounds (test/worker/operation-rows.test.ts). Of the first
// check and the feed it is the statements that are held (bounded-validation.test.ts).

export interface Cost {
  /** Round trips to D1 that the answer waits for. */
  readonly calls: number
  /** Statements in them, its deliveries included: what a database works off one after the other. */
  readonly queries: number
  readonly read: number
  readonly written: number
  /** Rows that housekeeping removes when they are of no use any more: each is written once more by it. */
  readonly removed: number
  /** Requests to Durable Objects. */
  readonly objects: number
}

export const COSTS = {
  /** A token at Latchkey's own endpoints, or where `strong` is asked for. */
  strongValidation: { calls: 1, queries: 1, read: 1, written: 0, removed: 0, objects: 0 },
  /** A token that a resource server's memory does not have. */
  firstCheck: { calls: 1, queries: 2, read: 2, written: 0, removed: 0, objects: 0 },
  /** The feed read on; the model adds a row for each retirement since. */
  feedReading: { calls: 1, queries: 1, read: 1, written: 0, removed: 0, objects: 0 },
  /**
   * Of a token with two before it that are still kept: of each more, one row more is read. A bucket is left, and the
   * retirement of the one before.
   */
  refresh: { calls: 1, queries: 4, read: 12, written: 4, removed: 2, objects: 0 },
  /** The mail's row and its removal included; three counted limits. */
  linkRequest: { calls: 2, queries: 3, read: 1, written: 3, removed: 1, objects: 3 },
  /** Of a user who is known, and told of it: the mail of the notice included; a counted limit, and where they were. */
  signIn: { calls: 4, queries: 10, read: 30, written: 6, removed: 1, objects: 3 },
  end: { calls: 2, queries: 6, read: 18, written: 5, removed: 1, objects: 1 },
  /** Of three sessions: of each more, two rows more are read. */
  list: { calls: 1, queries: 2, read: 8, written: 0, removed: 0, objects: 0 },
} as const satisfies Record<string, Cost>

export type Operation = keyof typeof COSTS
