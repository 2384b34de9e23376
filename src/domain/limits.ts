// The limits and times that the service promises or several files share, with their units. Nothing here is decided elsewhere.

export const MINUTE_SECONDS = 60
export const HOUR_SECONDS = 60 * MINUTE_SECONDS
export const DAY_SECONDS = 24 * HOUR_SECONDS

/** Link and typed code of a sign-in (ASVS 6.5.5: at most ten minutes). */
export const SIGN_IN_SECONDS = 10 * MINUTE_SECONDS
/** Wrong typed codes after which a sign-in is over. */
export const WRONG_CODES_LIMIT = 5

/** How long ago a sign-in may be for what is sensitive: changing the address, deleting the account. */
export const RECENT_SIGN_IN_SECONDS = 10 * MINUTE_SECONDS
/** The typed code that proves a new address. */
export const EMAIL_CHANGE_SECONDS = 10 * MINUTE_SECONDS
export const EMAIL_CHANGES_PER_USER = 10
export const EMAIL_CHANGES_WINDOW_SECONDS = 60 * MINUTE_SECONDS

/** From the beginning of one pass over the log of a database to that of the next, at least. */
export const LOG_SWEEP_SECONDS = DAY_SECONDS
/** Entries that are looked through at once, and how often in one run of the cleaner. */
export const LOG_SWEEP_CHUNK_ROWS = 1_000
export const LOG_SWEEP_CHUNKS = 5

/** What a deployment may set of how long it keeps what tells of a person, and what holds when it sets nothing. */
export const RETENTION = {
  /** Device, place and marks of an entry of the log: for as long as the session may live that they describe. */
  LOG_DETAILS_DAYS: { min: 30, usual: 365, max: 3_650 },
  /** An entry of the log whose user is deleted: longer than any link or code can be tried once more. */
  DELETED_LOG_DAYS: { min: 1, usual: 30, max: 3_650 },
  /** After the last of its kind that day: long enough to be looked into. */
  ALARM_DAYS: { min: 30, usual: 365, max: 3_650 },
  /** What became of a message: longer than it is tried, for a try finds here that an earlier one has arrived. */
  WEBHOOK_DELIVERY_DAYS: { min: 7, usual: 30, max: 365 },
} as const

/** The operator's page stays open for so long. */
export const OPERATOR_SESSION_SECONDS = HOUR_SECONDS
/** Longer than all tries of a message to a webhook take. */
export const DELIVERIES_SHOWN_SECONDS = 4 * DAY_SECONDS
/** How often each record was made. */
export const RECORD_COUNTS_SECONDS = 31 * DAY_SECONDS
/** An isolate writes its counts this often at most. */
export const RECORD_COUNTS_FLUSH_SECONDS = MINUTE_SECONDS

/** A download of one's own data reads the whole log. */
export const DOWNLOADS_PER_USER = 10
export const DOWNLOADS_WINDOW_SECONDS = 60 * MINUTE_SECONDS
/** Entries of the log that a download holds in memory. */
export const DOWNLOAD_CHUNK_ENTRIES = 500
/** Entries of a log that a check of its chain holds in memory. */
export const LOG_CHECK_CHUNK_ENTRIES = 500
/** Entries of all logs that an export holds in memory. */
export const EXPORT_CHUNK_ENTRIES = 500

/** A session unused for so long is over. */
export const SESSION_IDLE_SECONDS = 7 * DAY_SECONDS
/** No session outlives this, however active (NIST SP 800-63B). */
export const SESSION_ABSOLUTE_SECONDS = 30 * DAY_SECONDS
/** A browser session's last activity is written at most this often. */
export const LAST_SEEN_STEP_SECONDS = 5 * MINUTE_SECONDS
/** How long a browser is told why its session has ended: as long as it takes to notice by using it now and then. */
export const SESSION_END_TOLD_SECONDS = 7 * DAY_SECONDS
/** Within this time the refusals of one session's cookie for changed traits are counted together. */
export const TRAIT_CHANGES_WINDOW_SECONDS = 60 * MINUTE_SECONDS

export const ACCESS_TOKEN_SECONDS = 10 * MINUTE_SECONDS
export const ACCESS_TOKEN_MAX_SECONDS = 60 * MINUTE_SECONDS
export const ID_TOKEN_SECONDS = 10 * MINUTE_SECONDS
/** Back-channel logout (§2.4: a logout token lives for two minutes at most). */
export const LOGOUT_TOKEN_SECONDS = 2 * MINUTE_SECONDS
/** How long a spent refresh token still yields the successor it already has. */
export const REFRESH_GRACE_SECONDS = 10
export const REFRESH_GRACE_MAX_SECONDS = 60
/** For other parties' clocks only; the expiry of our own tokens has no leeway. */
export const CLOCK_LEEWAY_SECONDS = 60
/** How far a DPoP proof's time may be from ours, either way (RFC 9449 §11.1). */
export const DPOP_PROOF_SECONDS = CLOCK_LEEWAY_SECONDS
/** How far ahead a client assertion may expire. */
export const ASSERTION_SECONDS = 5 * MINUTE_SECONDS
/** Spent rows are kept this long past their expiry: longer than the leeway and than any refresh grace. */
export const RETENTION_PAST_EXPIRY_SECONDS = 5 * MINUTE_SECONDS

/** Ceilings whatever a rule says; beyond them the least recently used session is replaced. */
export const SESSIONS_PER_CLIENT_MAX = 100
export const SESSIONS_PER_USER_MAX = 1_000

/** Live sockets of one session; beyond them its oldest is closed. */
export const LIVE_SOCKETS_PER_SESSION = 5
/** Sockets of one browser that waits for its sign-in. */
export const WAITING_SOCKETS_PER_BROWSER = 5
/** Between two comments of an event stream: shorter than the idle time of the usual proxies. */
export const EVENT_STREAM_BEAT_MS = 25_000

export const PAGE_DEFAULT = 100
export const PAGE_MAX = 100

export const TOKEN_MAX_CHARS = 8_192
/** All scopes of a client, joined: beside an audience of URI_MAX_CHARS they fit into a token, signed or sealed. */
export const SCOPES_MAX_CHARS = 2_000
/** An address that a client or a webhook is registered with. */
export const URI_MAX_CHARS = 2_048
export const BODY_MAX_BYTES = 64 * 1024
/** The path that a browser goes on to after signing in: it fits into a header. */
export const CONTINUE_MAX_CHARS = 8_192

/** How long a request may wait for its user, from its arrival to the code. */
export const AUTHORIZATION_SECONDS = 30 * MINUTE_SECONDS
export const AUTHORIZATION_CODE_SECONDS = 60
/** A pushed request (RFC 9126 §2.2). */
export const PUSHED_REQUEST_SECONDS = 60
/** Device and user code (RFC 8628 §3.2), how often a device may poll, and what a hasty one waits longer (§3.5). */
export const DEVICE_CODE_SECONDS = 10 * MINUTE_SECONDS
export const DEVICE_POLL_SECONDS = 5
export const DEVICE_SLOW_DOWN_SECONDS = 5
/** As it is sent, percent-encoded: in an address, or pushed. */
export const AUTHORIZATION_QUERY_MAX_CHARS = 12_000
/** As JSON; sealed, it still fits into CONTINUE_MAX_CHARS. */
export const AUTHORIZATION_REQUEST_MAX_BYTES = 6_000

/** A deleted client is swept and forgotten after this: longer than any cache and any request knows it. */
export const CLIENT_DELETION_SECONDS = MINUTE_SECONDS

/** An initial access token, unless its operator says otherwise (RFC 7591 §1.2). */
export const REGISTRATION_TOKEN_SECONDS = 7 * DAY_SECONDS
export const REGISTRATION_TOKEN_MAX_SECONDS = 365 * DAY_SECONDS

/** Metadata that a client publishes itself (draft-ietf-oauth-client-id-metadata-document §5.2, §8.7). */
export const CLIENT_DOCUMENT_MAX_BYTES = 5 * 1024
export const CLIENT_DOCUMENT_TIMEOUT_MS = 5_000
export const CLIENT_DOCUMENT_CACHE_MIN_SECONDS = 5 * MINUTE_SECONDS
export const CLIENT_DOCUMENT_CACHE_MAX_SECONDS = 60 * MINUTE_SECONDS

/** Isolate caches; each is shorter than the overlap that makes it harmless. */
export const SIGNING_KEYS_CACHE_SECONDS = 50
/** Tokens whose signature an isolate knows to be good: about a KiB each. */
export const REMEMBERED_SIGNATURES = 4_000
/** A key is published for so long before it signs: longer than any isolate and any verifier goes without looking. */
export const KEY_PUBLISHED_SECONDS = SIGNING_KEYS_CACHE_SECONDS + CLOCK_LEEWAY_SECONDS
/** A key stays published for so long after its successor began to sign: an isolate may sign with it until it looks
 * again, and what it signed last lives for the longest of all lifetimes. */
export const KEY_RETIRING_SECONDS =
  SIGNING_KEYS_CACHE_SECONDS +
  Math.max(ACCESS_TOKEN_MAX_SECONDS, ID_TOKEN_SECONDS, SIGN_IN_SECONDS, LOGOUT_TOKEN_SECONDS) +
  CLOCK_LEEWAY_SECONDS
/** The age at which a signing key is replaced by itself, and how late that may be before it is an alarm. */
export const KEY_ROTATION_SECONDS = 90 * DAY_SECONDS
export const KEY_OVERDUE_SECONDS = 7 * DAY_SECONDS
/** Tries of a change of keys, each on what a rival has left. */
export const KEY_CHANGE_ATTEMPTS = 5
export const CLIENT_CACHE_SECONDS = 10
/** Entries of the feed of retirements that are told at once; whoever has missed more forgets all that it remembers. */
export const RETIREMENTS_MAX_ROWS = 2_000
/** Keys at a client's `jwks_uri`: how old they may be, and how often they are asked for, whoever asks us. */
export const CLIENT_KEYS_CACHE_SECONDS = 5 * MINUTE_SECONDS
export const CLIENT_KEYS_REFETCH_SECONDS = MINUTE_SECONDS
export const CLIENT_KEYS_TIMEOUT_MS = 5_000
/** Metadata, in caches of others. */
export const DISCOVERY_CACHE_SECONDS = 5 * MINUTE_SECONDS

/** Entries of a user's log, from the newest on, in which a device is looked for. */
export const KNOWN_DEVICE_ENTRIES = 100
/** How long a notice of a sign-in is tried, and how long its link opens its page. */
export const NOTICE_MAIL_SECONDS = DAY_SECONDS
export const NOTICE_LINK_SECONDS = 7 * DAY_SECONDS

export const OUTBOX_LEASE_SECONDS = 30
/** Wait after each attempt; the last goes on. Past ten minutes only notices are left, and they can wait longer. */
export const OUTBOX_BACKOFF_SECONDS = [5, 10, 20, 40, 60, 60, 60, 60, 60, 60, 60, 60, 900] as const
export const OUTBOX_BATCH = 50
/** Cron takes up one batch after the other for so long, as long as mails are accepted. */
export const OUTBOX_RUN_SECONDS = 15
export const MAIL_TIMEOUT_MS = 15_000
/** One try to tell a client what has happened, and the waits between tries; after the last it is given up. */
export const DELIVERY_TIMEOUT_MS = 10_000
export const DELIVERY_BACKOFF_SECONDS = [5, 30, 120, 600] as const
/** A receiver that asks for a longer wait than this gets this. */
export const DELIVERY_RETRY_AFTER_MAX_SECONDS = 60 * MINUTE_SECONDS
/** A try that takes longer than this goes on beside its batch, and the next one is later than its end. */
export const DELIVERY_SLOW_MS = 1_000
export const DELIVERY_SLOW_RETRY_SECONDS = 20
/** For how long it is known what a client has answered late: longer than it would be tried. */
export const LATE_LOGOUT_SECONDS = DAY_SECONDS
/** One try to tell a webhook. */
export const WEBHOOK_TIMEOUT_MS = 15_000
/** A receiver that has let a try run out of time is left alone for so long, from that try's beginning on. */
export const WEBHOOK_HELD_SECONDS = MINUTE_SECONDS
/** The waits between tries, as Standard Webhooks has them: three days in all. */
export const WEBHOOK_BACKOFF_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] as const
export const WEBHOOK_JITTER = 0.1
/** How long a webhook's former secret still signs beside the new one. */
export const WEBHOOK_ROTATION_SECONDS = DAY_SECONDS
export const WEBHOOK_CACHE_SECONDS = 10
/** After so many the queue takes a message for dead; in wrangler.toml it is one less, the retries. */
export const QUEUE_TRIES = 21
/** The longest wait that the queue knows. */
export const QUEUE_DELAY_MAX_SECONDS = 12 * 60 * MINUTE_SECONDS
/** A change that is repeated later than this is no retry: whom it concerns has been told. */
export const REPEAT_SECONDS = MINUTE_SECONDS
/** Messages that a queue takes at once. */
export const QUEUE_BATCH_MAX = 100
/** Settings that were changed are those of every isolate after so long. */
export const SETTINGS_SPREAD_SECONDS = 10 * MINUTE_SECONDS
/** How long what a former secret of the deployment has made can still be presented, apart from what says only why a
 * session has ended: refresh tokens of sessions that live, links in notices. */
export const FORMER_SECRET_SECONDS = {
  SEALING_SECRET: Math.max(SESSION_IDLE_SECONDS, NOTICE_LINK_SECONDS, NOTICE_MAIL_SECONDS),
  DIGEST_SECRET: SESSION_IDLE_SECONDS,
  ADMIN_TOKEN: 0,
} as const
/** How long a client's former secret still opens beside the new one. */
export const CLIENT_SECRET_OVERLAP_SECONDS = DAY_SECONDS
/** Of an answer from a place that somebody registered, no more is received. */
export const TARGET_ANSWER_MAX_BYTES = 64 * 1024
/** For one call of a queue: what takes longer is taken for lost. */
export const QUEUE_DEADLINE_MS = 5_000
/** Where nobody waits for it: a queue that is only slow must lose nothing. */
export const ANNOUNCE_DEADLINE_MS = 30_000
/** Two of them and a Retry-After fit into the refresh grace: whoever follows our 503 is not taken for a thief. */
export const D1_DEADLINE_MS = 3_000
export const RETRY_AFTER_SECONDS = 2
export const OBJECT_ATTEMPTS = 3

/** Rows that the cleaner removes from a table in one batch, and batches in one run. */
export const PURGE_CHUNK_ROWS = 1_000
export const PURGE_CHUNKS = 20
/** Sessions that one run of the cleaner looks at, and users whose expired ones it ends. */
export const SESSION_SWEEP_ROWS = 5_000
export const EXPIRE_CHUNK_USERS = 100
/** Changes of address that one run of the cleaner settles. */
export const EMAIL_CHANGES_CHUNK = 100

/** Open ones, of which there may be a few a day. */
export const ALARMS_LISTED_MAX = 1_000
export const ALARM_WINDOW_SECONDS = DAY_SECONDS
/** Repeats within this time are folded in memory before they are counted in the database. */
export const ALARM_FLUSH_MS = 1_000
/** Of an alarm that grows its operators are told again after this. */
export const ALARM_NOTICE_SECONDS = 60 * MINUTE_SECONDS
/** Until what could not be told is tried again. */
export const ALARM_RETRY_SECONDS = 5
/** Alarms that one run of cron tells of. */
export const ALARM_NOTICES_CHUNK = 20
/** Links sent from where nobody asked for them, of one address or from one network: from this many on they raise an alarm. */
export const WRONG_BROWSER_BURST = 10
export const WRONG_BROWSER_WINDOW_SECONDS = 10 * MINUTE_SECONDS

/** Sign-in mails: for one address from one network, from how many networks, from one network, in total. */
export const ADDRESS_WINDOW_SECONDS = 60 * MINUTE_SECONDS
export const ADDRESS_PER_NETWORK = 10
export const ADDRESS_NETWORKS_PER_WINDOW = 20
export const KNOWN_NETWORK_SECONDS = 30 * DAY_SECONDS
export const NETWORK_WINDOW_SECONDS = 15 * MINUTE_SECONDS
export const SIGN_INS_PER_NETWORK = 300
export const REDEMPTIONS_PER_NETWORK = 600
/** Of one client. */
export const WRONG_SECRETS_PER_NETWORK = 100
/** Calls of the registration endpoint, and of what manages a registration. */
export const REGISTRATIONS_PER_NETWORK = 100
/** Requests pushed by public clients: anybody can push in their name. */
export const PUSHED_REQUESTS_PER_NETWORK = 300
export const DEVICE_AUTHORIZATIONS_PER_NETWORK = 300
/** User codes typed, right or wrong (RFC 8628 §5.1). */
export const USER_CODES_PER_USER = 10
export const USER_CODES_PER_NETWORK = 100
/** Fetches of metadata that clients publish: that one network causes, and from one host. */
export const CLIENT_DOCUMENTS_PER_NETWORK = 60
export const CLIENT_DOCUMENTS_PER_HOST = 600
export const TOTAL_WINDOW_SECONDS = 60 * MINUTE_SECONDS
export const MAILS_IN_TOTAL = 20_000
