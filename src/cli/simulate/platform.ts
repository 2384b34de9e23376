// What the platform bears and costs, as Cloudflare's documentation has it. docs/scale.md names the pages.
import { SHARD_TAGS } from '../../domain/ids.ts'
import {
  CLIENT_CACHE_SECONDS,
  LOG_SWEEP_CHUNK_ROWS,
  LOG_SWEEP_CHUNKS,
  MINUTE_SECONDS,
  RECORD_COUNTS_FLUSH_SECONDS,
  RETENTION_PAST_EXPIRY_SECONDS,
  RETIREMENTS_MAX_ROWS,
  SESSION_SWEEP_ROWS,
  SIGNING_KEYS_CACHE_SECONDS,
  WEBHOOK_CACHE_SECONDS,
} from '../../domain/limits.ts'

export const PLATFORM = {
  /** Simple queries a second of one D1 database, which works them off one after the other. */
  queriesPerSecond: 1_000,
  databaseBytes: 10e9,
  /** Of either, that is planned with: the rest is for the second that is busier, and for growing. */
  planned: 0.5,
  /** Tags that users are told apart by: the most databases there can be. */
  shardTags: SHARD_TAGS,
} as const

/** Dollars a million; of storage, for a gigabyte and month. */
export const PRICES = {
  rowsRead: 0.001,
  rowsWritten: 1,
  requests: 0.3,
  objectRequests: 0.15,
  mails: 350,
  storage: 0.75,
} as const

/** Bytes of a row with its keys and indexes: the lengths of what stands in the columns, added up. Not measured. */
export const BYTES = {
  user: 400,
  session: 700,
  bucket: 500,
  event: 600,
} as const

/** Until when a feed goes on from where it was read last. */
export const FEED = { feedEntries: RETIREMENTS_MAX_ROWS, feedSeconds: RETENTION_PAST_EXPIRY_SECONDS } as const
/** Of cron: every run looks through what may have run out, table by table, and goes on with its passes over sessions and log. */
export const HOUSEKEEPING = {
  seconds: MINUTE_SECONDS,
  keptSeconds: RETENTION_PAST_EXPIRY_SECONDS,
  sessionRows: SESSION_SWEEP_ROWS,
  logRows: LOG_SWEEP_CHUNKS * LOG_SWEEP_CHUNK_ROWS,
} as const
/** For which an isolate keeps what it has read of the first database. */
export const CACHED_SECONDS = {
  keys: SIGNING_KEYS_CACHE_SECONDS,
  clients: CLIENT_CACHE_SECONDS,
  webhooks: WEBHOOK_CACHE_SECONDS,
} as const
/** Clients that one isolate meets within that time. */
export const CLIENTS_MET = 3
/** Figures, as each isolate writes them: a row for each code and reason, of which this many are usual. */
export const FIGURES = { seconds: RECORD_COUNTS_FLUSH_SECONDS, rows: 5 } as const
