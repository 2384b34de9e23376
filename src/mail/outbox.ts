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
  /** Everything that is due, by cron. Never throws. */
  deliverDue(db: D1Database, now: number): Promise<void>
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

  const attempt = async (db: D1Database, mail: Leased, clock: Clock): Promise<void> => {
    if (mail.expiresAt > clock()) {
      const error = await failureOf(transport, mail)
      if (error !== null) {
        await onFailure({ attempts: mail.attempts, error })
        await reschedule(db, mail.id, clock() + backoffSeconds(mail.attempts))
        return
      }
    }
    await remove(db, mail.id)
  }

  const claimAndAttempt = async (db: D1Database, id: string, clock: Clock): Promise<void> => {
    const now = clock()
    const row = await claim(db, id, now, now + OUTBOX_LEASE_SECONDS)
    if (row === null) return
    const opened = await secrets.unseal('outbox', id, row.sealed)
    if (opened === null) {
      await onFailure({ attempts: row.attempts, error: 'outbox: sealed under another secret' })
      await remove(db, id)
      return
    }
    const message = JSON.parse(opened) as MailMessage
    await attempt(db, { id, message, expiresAt: row.expires_at, attempts: row.attempts }, clock)
  }

  /** Storage that fails here leaves the row and its lease: the mail is tried again once that has passed. */
  const reporting = async (work: Promise<void>): Promise<void> => {
    try {
      await work
    } catch {
      await onFailure({ attempts: 0, error: 'outbox: storage unavailable' })
    }
  }

  return {
    prepare: async (message, expiresAt, now) => {
      const id = randomId('m')
      const sealed = await secrets.seal('outbox', id, JSON.stringify(message))
      return { message, row: { id, sealed, expiresAt, leasedUntil: now + OUTBOX_LEASE_SECONDS } }
    },

    deliver: (db, { message, row: { id, expiresAt } }, now) =>
      reporting(attempt(db, { id, message, expiresAt, attempts: 1 }, clockFrom(now))),

    deliverDue: (db, now) => {
      const clock = clockFrom(now)
      const deliverAll = async (ids: Iterable<string>) => {
        for (const id of ids) await reporting(claimAndAttempt(db, id, clock))
      }
      return reporting(
        listDue(db, now, OUTBOX_BATCH).then(async due => {
          const shared = due.values()
          await Promise.all(Array.from({ length: CONCURRENT_DELIVERIES }, () => deliverAll(shared)))
        }),
      )
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
