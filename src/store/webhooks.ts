// Webhooks, in the first database. Lists leave the secrets where they are.
import { WEBHOOK_ROTATION_SECONDS } from '../domain/limits.ts'
import type { Webhook } from '../domain/webhook.ts'
import { all, first, run } from './d1.ts'
import type { DeliveryRow } from './webhook-deliveries.ts'

export interface WebhookRow {
  readonly id: string
  readonly url: string
  readonly events: string
  readonly description: string | null
  readonly created_at: number
  readonly disabled_at: number | null
  readonly held_until: number | null
}

export interface SigningRow extends WebhookRow {
  readonly sealed_secret: string
  readonly sealed_former_secret: string | null
  readonly former_until: number | null
  /** What has become of the message; null before its first try has ended. */
  readonly state: DeliveryRow['state'] | null
  readonly retry_at: number | null
}

/** For one of its messages: with what it is signed, sealed. */
export interface SigningWebhook {
  readonly webhook: Webhook
  readonly sealedSecret: string
  /** Those before it, newest first. */
  readonly sealedFormerSecrets: readonly string[]
  /** Seconds. */
  readonly formerUntil: number | null
}

const COLUMNS = 'id, url, events, description, created_at, disabled_at, held_until'

export const webhookOf = (row: WebhookRow): Webhook => ({
  id: row.id,
  url: row.url,
  events: JSON.parse(row.events) as Webhook['events'],
  description: row.description,
  createdAt: row.created_at,
  disabledAt: row.disabled_at,
  heldUntil: row.held_until,
})

export const insertWebhook = (db: D1Database, webhook: Webhook, sealedSecret: string): Promise<number> =>
  run(
    db
      .prepare(
        'INSERT INTO webhooks (id, url, events, description, sealed_secret, created_at) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .bind(
        webhook.id,
        webhook.url,
        JSON.stringify(webhook.events),
        webhook.description,
        sealedSecret,
        webhook.createdAt,
      ),
  )

export const selectWebhooks = (db: D1Database) =>
  db.prepare(`SELECT ${COLUMNS} FROM webhooks ORDER BY created_at, id`)

export const listWebhooks = async (db: D1Database): Promise<Webhook[]> =>
  (await all<WebhookRow>(selectWebhooks(db))).map(webhookOf)

export async function findWebhook(db: D1Database, id: string): Promise<Webhook | null> {
  const row = await first<WebhookRow>(db.prepare(`SELECT ${COLUMNS} FROM webhooks WHERE id = ?`).bind(id))
  return row === null ? null : webhookOf(row)
}

/** @param at when it happened, in seconds */
export const selectSigningWebhook = (db: D1Database, id: string, at: number, messageId: string) =>
  db
    .prepare(
      `SELECT ${COLUMNS}, sealed_secret, sealed_former_secret, former_until, state, retry_at
       FROM webhooks LEFT JOIN webhook_deliveries ON webhook_id = id AND at = ? AND message_id = ?
       WHERE id = ?`,
    )
    .bind(at, messageId, id)

export const signingWebhookOf = (row: SigningRow): SigningWebhook => ({
  webhook: webhookOf(row),
  sealedSecret: row.sealed_secret,
  sealedFormerSecrets: row.sealed_former_secret?.split(' ') ?? [],
  formerUntil: row.former_until,
})

/** What is left out stays as it is. */
export interface WebhookChanges {
  readonly url?: string | undefined
  readonly events?: Webhook['events'] | undefined
  readonly description?: string | null | undefined
  readonly disabled?: boolean | undefined
}

/** In one statement, so that it undoes nothing that is done beside it. Another place has not hung. @returns null when there is none */
export async function changeWebhook(
  db: D1Database,
  id: string,
  { url, events, description, disabled }: WebhookChanges,
  now: number,
): Promise<Webhook | null> {
  const row = await first<WebhookRow>(
    db
      .prepare(
        `UPDATE webhooks SET held_until = iif(?2 <> url, NULL, held_until), url = coalesce(?2, url), events = coalesce(?3, events),
           description = iif(?4, ?5, description),
           disabled_at = iif(?6 IS NULL, disabled_at, iif(?6, coalesce(disabled_at, ?7), NULL))
         WHERE id = ?1 RETURNING ${COLUMNS}`,
      )
      .bind(
        id,
        url ?? null,
        events === undefined ? null : JSON.stringify(events),
        description === undefined ? 0 : 1,
        description ?? null,
        disabled === undefined ? null : Number(disabled),
        now,
      ),
  )
  return row === null ? null : webhookOf(row)
}

/** @param url what has answered: meanwhile the webhook may have another */
export const disableWebhook = (db: D1Database, id: string, url: string, now: number): Promise<number> =>
  run(
    db
      .prepare('UPDATE webhooks SET disabled_at = coalesce(disabled_at, ?) WHERE id = ? AND url = ?')
      .bind(now, id, url),
  )

/**
 * After a try that has run out of time: leaves the place alone that was tried, unless it has answered others since, of what
 * happened lately. @param triedAt when that try began, in seconds, as `until`
 */
export const holdWebhook = (
  db: D1Database,
  { id, url }: Webhook,
  triedAt: number,
  until: number,
): Promise<number> =>
  run(
    db
      .prepare(
        `UPDATE webhooks SET held_until = ?1 WHERE id = ?2 AND url = ?3 AND coalesce(held_until, 0) < ?1
           AND NOT EXISTS (SELECT 1 FROM webhook_deliveries
             WHERE webhook_id = ?2 AND at > ?4 - (?1 - ?4) AND last_at >= ?4 AND status IS NOT NULL)`,
      )
      .bind(until, id, url, triedAt),
  )

/** For the one try that finds out whether it is well again. @returns false when somebody else has it */
export const claimHeldWebhook = async (
  db: D1Database,
  { id, heldUntil }: Webhook,
  until: number,
): Promise<boolean> =>
  (await run(
    db
      .prepare('UPDATE webhooks SET held_until = ? WHERE id = ? AND held_until = ?')
      .bind(until, id, heldUntil),
  )) === 1

export const releaseWebhook = (db: D1Database, { id, url }: Webhook): Promise<number> =>
  run(db.prepare('UPDATE webhooks SET held_until = NULL WHERE id = ? AND url = ?').bind(id, url))

/**
 * The secret until now goes on signing for a day, and so does the one before it if it still signs: a rotation whose answer
 * was lost is asked for again, and the receiver has the secret from before both. @returns false when there is no such webhook
 */
export const rotateWebhookSecret = async (
  db: D1Database,
  id: string,
  sealedSecret: string,
  now: number,
): Promise<boolean> =>
  (await run(
    db
      .prepare(
        `UPDATE webhooks SET sealed_secret = ?2, former_until = ?3 + ?4, sealed_former_secret = sealed_secret ||
           iif(former_until > ?3, ' ' || substr(sealed_former_secret, 1, instr(sealed_former_secret || ' ', ' ') - 1), '')
         WHERE id = ?1`,
      )
      .bind(id, sealedSecret, now, WEBHOOK_ROTATION_SECONDS),
  )) === 1

/** Its log goes with it. @returns false when there was none */
export const deleteWebhook = async (db: D1Database, id: string): Promise<boolean> =>
  (await run(db.prepare('DELETE FROM webhooks WHERE id = ?').bind(id))) > 0
