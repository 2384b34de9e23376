// What the platform bears and costs, as Cloudflare's documentation has it. docs/scale.md names the pages.

export const PLATFORM = {
  /** Simple queries a second of one D1 database, which works them off one after the other. */
  queriesPerSecond: 1_000,
  databaseBytes: 10e9,
  /** Of either, that is planned with: the rest is for the second that is busier, and for growing. */
  planned: 0.5,
  /** Tags that users are told apart by: the most databases there can be. */
  shardTags: 1_024,
} as const

/** Dollars a million. */
export const PRICES = {
  rowsRead: 0.001,
  rowsWritten: 1,
  requests: 0.3,
  objectRequests: 0.15,
  mails: 350,
} as const

/** Bytes of a row with its keys and indexes: the lengths of what stands in the columns, added up. Not measured. */
export const BYTES = {
  user: 400,
  session: 700,
  bucket: 500,
  event: 600,
} as const

/** Seconds for which an isolate keeps what it has read of the first database (src/store, src/tokens). */
export const CACHED_SECONDS = { keys: 50, clients: 10, webhooks: 10 } as const
/** Clients that one isolate meets within that time. */
export const CLIENTS_MET = 3
/** Figures are written once a minute by each isolate: a row for each code, of which this many are usual. */
export const FIGURES = { seconds: 60, rows: 5 } as const
