// Where each table's rows live, and what moving users does with them. A test holds this against schema.sql.

export interface MovedTable {
  readonly name: string
  readonly key: readonly string[]
  /** What says which tag a row has: an id, a digest, or a mail address, whose digest SQL cannot make. */
  readonly taggedBy: 'id' | 'digest' | 'address'
  readonly column: string
}

/** A row comes after what it refers to. */
export const MOVED_TABLES: readonly MovedTable[] = [
  { name: 'users', key: ['id'], taggedBy: 'id', column: 'id' },
  { name: 'sessions', key: ['user_id', 'id'], taggedBy: 'id', column: 'user_id' },
  { name: 'consents', key: ['user_id', 'client_id'], taggedBy: 'id', column: 'user_id' },
  { name: 'entropy_buckets', key: ['session_id', 'generation'], taggedBy: 'id', column: 'session_id' },
  { name: 'user_events', key: ['user_id', 'seq'], taggedBy: 'id', column: 'user_id' },
  { name: 'sign_ins', key: ['id'], taggedBy: 'id', column: 'id' },
  { name: 'email_changes', key: ['user_id'], taggedBy: 'id', column: 'user_id' },
  { name: 'authorization_codes', key: ['code_digest'], taggedBy: 'id', column: 'user_id' },
  { name: 'pushed_requests', key: ['id'], taggedBy: 'id', column: 'id' },
  {
    name: 'device_authorizations',
    key: ['user_code_digest'],
    taggedBy: 'digest',
    column: 'user_code_digest',
  },
  { name: 'seen_jtis', key: ['digest'], taggedBy: 'digest', column: 'digest' },
  { name: 'emails', key: ['address'], taggedBy: 'address', column: 'address' },
]

/** In each database, and of that database: nothing of them moves. */
export const STAYING_TABLES = {
  schema_upgrades: 'what the database has had',
  bucket_retirements: 'the feed: another map gives it another name, and whoever followed it begins anew',
  log_sweep: 'how far this database was swept',
  session_sweep: 'likewise',
  outbox: 'a mail is found by no tag: cron delivers what waits in every database',
} as const

/** In the first database, which stays the first. */
export const GLOBAL_TABLES = [
  'clients',
  'registration_tokens',
  'self_registered_clients',
  'signing_keys',
  'deployment_secrets',
  'alarms',
  'alarm_notices',
  'alarm_counts',
  'record_counts',
  'webhooks',
  'webhook_deliveries',
  'late_logouts',
] as const

/** What says that somebody is signed in: it must not be found where it may no longer be so. */
export const PROOFS: readonly MovedTable[] = MOVED_TABLES.filter(({ name }) =>
  ['sessions', 'entropy_buckets'].includes(name),
)
