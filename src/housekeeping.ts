// What cron does: mails that wait are tried again, sessions that have run out are ended, spent rows removed, and
// signing keys and secrets moved on.
import { isOverdue } from './domain/key-rotation.ts'
import {
  CLIENT_DELETION_SECONDS,
  DAY_SECONDS,
  EMAIL_CHANGES_CHUNK,
  EXPIRE_CHUNK_USERS,
  LOG_SWEEP_CHUNK_ROWS,
  LOG_SWEEP_CHUNKS,
  LOG_SWEEP_SECONDS,
  PURGE_CHUNK_ROWS,
  PURGE_CHUNKS,
  RETENTION_PAST_EXPIRY_SECONDS,
  SESSION_SWEEP_ROWS,
} from './domain/limits.ts'
import type { Retention } from './domain/retention.ts'
import { errorName, log } from './log.ts'
import { overdueKey } from './notify/overdue-key.ts'
import { record, recordingAs } from './records/record.ts'
import { endSessionsOf, endSessionsOfClient } from './sign-in/end-sessions.ts'
import type { Parts } from './sign-in/parts.ts'
import { deleteExpiredAlarmCounts, deleteOldAlarms } from './store/alarms.ts'
import { deleteExpiredCodes } from './store/authorization-codes.ts'
import { deleteExpiredBuckets } from './store/buckets.ts'
import { listDeletedClients, removeDeletedClient } from './store/clients.ts'
import { run } from './store/d1.ts'
import { deleteExpiredDeviceAuthorizations } from './store/device-authorizations.ts'
import { listUsersOfEndedChanges } from './store/email-changes.ts'
import { deleteExpiredLateLogouts } from './store/late-logouts.ts'
import { findLogSweep, LOG_START, listAgedEntries, sweepLog } from './store/log-sweep.ts'
import { deleteExpiredOutbox } from './store/outbox.ts'
import { deleteExpiredPushedRequests } from './store/pushed-requests.ts'
import { deleteOldRecordCounts } from './store/record-counts.ts'
import { deleteOldRetirements } from './store/retirements.ts'
import { deleteExpiredJtis } from './store/seen-jtis.ts'
import { goOnSweeping, sweepSessions } from './store/session-sweep.ts'
import { deleteExpiredSignIns } from './store/sign-ins.ts'
import { listPublishedKeys } from './store/signing-keys.ts'
import { deleteOldDeliveries } from './store/webhook-deliveries.ts'
import { keepSecrets } from './tokens/keep-secrets.ts'
import { settleEmailChange } from './user/settle-email-change.ts'

/** One bounded run. A part that fails is logged and does not stop the others. */
export async function keepHouse(parts: Parts, now: number): Promise<void> {
  await recordingAs(null, 'system', parts.figures.sinkAt(now), () => keepAll(parts, now))
  await parts.figures.settle(now)
}

async function keepAll(parts: Parts, now: number): Promise<void> {
  // Shards side by side: a slow one must not let another's mails wait, nor their leases begin in the past.
  await Promise.all(parts.shards.all.map(db => keepShard(parts, db, now)))
  await attempt('deployment secrets', () => noteSecrets(parts, now))
  await attempt('alarms', () => tellOfAlarms(parts, now))
  await attempt('deleted clients', () => forgetDeletedClients(parts, now))
  await attempt('signing keys', () => parts.keys.settle(now))
  await attempt('overdue key', () => noticeOverdueKey(parts, now))
  record('cron.ran')
}

const noteSecrets = ({ shards, config, secrets }: Parts, now: number): Promise<unknown> =>
  keepSecrets({ db: shards.global, accepted: config.secrets, secrets }, now)

async function keepShard(parts: Parts, db: D1Database, now: number): Promise<void> {
  await attempt('outbox', () => parts.outbox.deliverDue(db, now))
  await attempt('expired sessions', () => endExpiredSessions(parts, db, now))
  await attempt('email changes', () => settleEmailChanges(parts, db, now))
  await attempt('old entries of the log', () => forgetOldEntries(db, parts.config.retention, now))
  for (const [what, removeChunk, kept] of PURGES) {
    const keptSeconds = kept === undefined ? 0 : parts.config.retention[kept] * DAY_SECONDS
    await attempt(what, () => purge(db, removeChunk, now - keptSeconds))
  }
}

/** Some of a pass over all sessions, which goes on where the last run stopped: where there are few, that is all of them. */
async function endExpiredSessions(parts: Parts, db: D1Database, now: number): Promise<void> {
  const { expired, from, next } = await sweepSessions(db, now, SESSION_SWEEP_ROWS)
  const users = expired.slice(0, EXPIRE_CHUNK_USERS)
  // One user whose change fails must not keep everybody else's sessions.
  for (const userId of users) await attempt('expired sessions', () => expire(parts, userId, now))
  const goesOnFrom = expired[EXPIRE_CHUNK_USERS] ?? next
  if (goesOnFrom !== from) await goOnSweeping(db, goesOnFrom)
}

function expire(parts: Parts, userId: string, now: number): Promise<unknown> {
  const opId = `expire:${userId}:${now}`
  const change = { opId, selection: { kind: 'expired' }, reason: 'expired', by: { kind: 'system' } } as const
  return endSessionsOf(parts, userId, change, now)
}

/** What ran out, and what a crash left half done. */
async function settleEmailChanges(parts: Parts, db: D1Database, now: number): Promise<void> {
  for (const userId of await listUsersOfEndedChanges(db, now, EMAIL_CHANGES_CHUNK)) {
    await attempt('email changes', () => settleEmailChange(parts.shards, userId))
  }
}

/** What is removed, and the setting that says how long it is kept, where there is one. */
const PURGES: readonly [string, RemoveChunk, (keyof Retention)?][] = [
  ['buckets', deleteExpiredBuckets],
  ['retirements', deleteOldRetirements],
  ['sign-ins', deleteExpiredSignIns],
  ['authorization codes', deleteExpiredCodes],
  ['device authorizations', deleteExpiredDeviceAuthorizations],
  ['pushed requests', deleteExpiredPushedRequests],
  ['outbox', deleteExpiredOutbox],
  ['used proofs', deleteExpiredJtis],
  ['late logouts', deleteExpiredLateLogouts],
  ['alarm counts', deleteExpiredAlarmCounts],
  ['alarms', deleteOldAlarms, 'alarmDays'],
  ['record counts', deleteOldRecordCounts],
  ['webhook deliveries', deleteOldDeliveries, 'webhookDeliveryDays'],
]

type RemoveChunk = (db: D1Database, before: number, limit: number) => D1PreparedStatement

async function purge(db: D1Database, removeChunk: RemoveChunk, now: number): Promise<void> {
  const before = now - RETENTION_PAST_EXPIRY_SECONDS
  for (let chunk = 0; chunk < PURGE_CHUNKS; chunk++) {
    if ((await run(removeChunk(db, before, PURGE_CHUNK_ROWS))) < PURGE_CHUNK_ROWS) return
  }
}

/** Some of a pass over the whole log, which goes on where the last run stopped; a new pass begins once a day. */
async function forgetOldEntries(db: D1Database, retention: Retention, now: number): Promise<void> {
  const last = await findLogSweep(db)
  const isUnderWay = last !== null && last.after.userId !== ''
  if (last !== null && !isUnderWay && now - last.begunAt < LOG_SWEEP_SECONDS) return
  const begunAt = isUnderWay ? last.begunAt : now
  const ages = {
    staleBefore: now - retention.logDetailsDays * DAY_SECONDS,
    orphanBefore: now - retention.deletedLogDays * DAY_SECONDS,
  }
  let after = isUnderWay ? last.after : LOG_START
  for (let chunk = 0; chunk < LOG_SWEEP_CHUNKS; chunk++) {
    const entries = await listAgedEntries(db, after, ages, LOG_SWEEP_CHUNK_ROWS)
    after = (entries.length === LOG_SWEEP_CHUNK_ROWS && entries.at(-1)) || LOG_START
    await sweepLog(db, entries, { after, begunAt })
    if (after === LOG_START) return
  }
}

async function tellOfAlarms({ alarms }: Parts, now: number): Promise<void> {
  const work: Promise<unknown>[] = []
  alarms.resume(now, each => work.push(each))
  await Promise.all(work)
  await alarms.tellDue(now)
}

/** Sweeps once more, after every cache has forgotten the client, what began within its bound. */
async function forgetDeletedClients(parts: Parts, now: number): Promise<void> {
  for (const { id, deletedAt } of await listDeletedClients(parts.shards.global)) {
    if (now - deletedAt < CLIENT_DELETION_SECONDS) continue
    await endSessionsOfClient(parts, id, now)
    await removeDeletedClient(parts.shards.global, id)
  }
}

/** Asked of the database afresh, so that it is noticed whatever kept the key from being replaced. */
async function noticeOverdueKey(parts: Parts, now: number): Promise<void> {
  const key = (await listPublishedKeys(parts.shards.global)).find(each => isOverdue(each, now))
  if (key === undefined) return
  const written: Promise<unknown>[] = []
  parts.alarms.raise(overdueKey(key.kid), now, work => written.push(work))
  await Promise.all(written)
}

async function attempt(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    log('error', {
      event: 'housekeeping.failed',
      what,
      error: errorName(error),
    })
  }
}
