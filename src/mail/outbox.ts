// Mail that outlives a failing provider: sealed in a row until it is delivered or too late.
//
// At least once: a mail that was accepted goes out again when its row could not be removed or the answer was lost;
// every attempt carries the same id, by which a provider can tell.
//
// The row is born leased to the request that wrote it, so the first attempt costs no claim: one row written, one
// deleted. Everything later is claimed first, and a lease is longer than an attempt may take.
import {
  MAIL_TIMEOUT_MS,
  OUTBOX_BACKOFF_SECONDS,
  OUTBOX_BATCH,
  OUTBOX_LEASE_SECONDS,
  OUTBOX_RUN_SECONDS,
} from '../domain/limits.ts'
import type { WaitingMail } from '../domain/waiting-mail.ts'
import { claim, listDue, remove, reschedule } from '../store/outbox.ts'
import { randomId } from '../tokens/random.ts'
import type { Secrets } from '../tokens/secrets.ts'
import { untilAborted } from './abort.ts'
import type { MailMessage } from './message.ts'
import { MailNotAccepted } from './not-accepted.ts'
import type { MailTransport } from './transport.ts'

const CONCURRENT_DELIVERIES = 5

export interface PreparedMail {
  readonly message: MailMessage
  /** The row that keeps it; goes into the batch of whatever the mail is about. */
  readonly row: WaitingMail
}

export interface DeliveryFailure {
  /** Attempts at this mail so far; 0 when none could be made. */
  readonly attempts: number
  /** Without address or secret. */
  readonly error: string
}

export interface Outbox {
  prepare(message: MailMessage, expiresAt: number, now: number): Promise<PreparedMail>
  /** The first attempt, by whoever wrote the row, right after the answer (`waitUntil`). Never throws. */
  deliver(db: D1Database, mail: PreparedMail, now: number): Promise<void>
  /** What is due, by cron. Never throws. */
  deliverDue(db: D1Database, now: number): Promise<unknown>
}

interface Leased {
  readonly id: string
  readonly message: MailMessage
  readonly expiresAt: number
  readonly attempts: number
}

export function createOutbox(parts: {
  readonly secrets: Secrets
  readonly transport: MailTransport
  /** Must not throw; it is awaited, so that what it writes is not cut off with the request. */
  readonly onFailure: (failure: DeliveryFailure) => unknown
}): Outbox {
  const { secrets, transport, onFailure } = parts

  /** @returns whether the mail is done with */
  const attempt = async (db: D1Database, mail: Leased, clock: Clock): Promise<boolean> => {
    if (mail.expiresAt > clock()) {
      const error = await failureOf(transport, mail)
      if (error !== null) {
        await onFailure({ attempts: mail.attempts, error })
        await reschedule(db, mail.id, clock() + backoffSeconds(mail.attempts))
        return false
      }
    }
    await remove(db, mail.id)
    return true
  }

  const claimAndAttempt = async (db: D1Database, id: string, clock: Clock): Promise<boolean> => {
    const now = clock()
    const row = await claim(db, id, now, now + OUTBOX_LEASE_SECONDS)
    if (row === null) return false
    const opened = await secrets.unseal('outbox', id, row.sealed)
    if (opened === null) {
      await onFailure({ attempts: row.attempts, error: 'outbox: sealed under another secret' })
      await remove(db, id)
      return false
    }
    const message = JSON.parse(opened) as MailMessage
    return attempt(db, { id, message, expiresAt: row.expires_at, attempts: row.attempts }, clock)
  }

  /** Storage that fails here leaves the row and its lease: the mail is tried again once that has passed. */
  const reporting = async (work: Promise<boolean>): Promise<boolean> => {
    try {
      return await work
    } catch {
      await onFailure({ attempts: 0, error: 'outbox: storage unavailable' })
      return false
    }
  }

  return {
    prepare: async (message, expiresAt, now) => {
      const id = randomId('m')
      const sealed = await secrets.seal('outbox', id, JSON.stringify(message))
      return { message, row: { id, sealed, expiresAt, leasedUntil: now + OUTBOX_LEASE_SECONDS } }
    },

    deliver: async (db, { message, row: { id, expiresAt } }, now) => {
      await reporting(attempt(db, { id, message, expiresAt, attempts: 1 }, clockFrom(now)))
    },

    deliverDue: (db, now) => {
      const clock = clockFrom(now)
      // A provider that accepts nothing is not asked for a whole backlog.
      const drain = async (): Promise<boolean> => {
        const due = await listDue(db, clock(), OUTBOX_BATCH)
        const shared = due.values()
        let delivered = 0
        const deliverShared = async () => {
          for (const id of shared) if (await reporting(claimAndAttempt(db, id, clock))) delivered++
        }
        await Promise.all(Array.from({ length: CONCURRENT_DELIVERIES }, deliverShared))
        const isOver = due.length < OUTBOX_BATCH || delivered === 0 || clock() >= now + OUTBOX_RUN_SECONDS
        return isOver || drain()
      }
      return reporting(drain())
    },
  }
}

type Clock = () => number

/** Goes on from the caller's `now`: many slow deliveries outlast a lease that is counted from their beginning. */
function clockFrom(now: number): Clock {
  const begun = Date.now()
  return () => now + Math.floor((Date.now() - begun) / 1000)
}

/** null when the mail was accepted; else why it was not, in words that may be logged. */
async function failureOf(transport: MailTransport, { id, message }: Leased): Promise<string | null> {
  const time = new AbortController()
  const timer = setTimeout(() => time.abort(), MAIL_TIMEOUT_MS)
  try {
    await untilAborted(time.signal, transport.send(message, { id, signal: time.signal }))
    return null
  } catch (error) {
    return error instanceof MailNotAccepted ? error.message : 'transport failed'
  } finally {
    clearTimeout(timer)
  }
}

const backoffSeconds = (attempts: number): number =>
  OUTBOX_BACKOFF_SECONDS[attempts - 1] ?? OUTBOX_BACKOFF_SECONDS[OUTBOX_BACKOFF_SECONDS.length - 1] ?? 0
