// What became of each message to a webhook: one row, rewritten by each try. Nothing of an answer but its status.
import type { WebhookEventType } from '../domain/security-events.ts'
import { all } from './d1.ts'

export interface DeliveryRow {
  readonly webhook_id: string
  /** When it happened, in seconds. */
  readonly at: number
  readonly message_id: string
  readonly type: WebhookEventType
  readonly state: 'waiting' | 'delivered' | 'given_up'
  readonly attempts: number
  readonly last_at: number
  /** Of the last answer; null when there was none. */
  readonly status: number | null
  /** A code of our own; null when it was delivered. */
  readonly why: string | null
  /** Before which it is not to be tried, though the queue hands it over; else 0. */
  readonly retry_at: number
}

export interface ListedDelivery extends Omit<DeliveryRow, 'webhook_id' | 'message_id' | 'retry_at'> {
  /** Of the message. */
  readonly id: string
}

/** What was delivered stays so, whatever a repetition comes to; of a webhook that was deleted nothing is kept. */
export const upsertDelivery = (db: D1Database, row: DeliveryRow) =>
  db
    .prepare(
      `INSERT INTO webhook_deliveries (webhook_id, at, message_id, type, state, attempts, last_at, status, why, retry_at)
       SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 FROM webhooks WHERE id = ?1
       ON CONFLICT DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
         last_at = excluded.last_at, status = excluded.status, why = excluded.why,
         retry_at = max(retry_at, excluded.retry_at)
       WHERE state <> 'delivered'`,
    )
    .bind(
      row.webhook_id,
      row.at,
      row.message_id,
      row.type,
      row.state,
      row.attempts,
      row.last_at,
      row.status,
      row.why,
      row.retry_at,
    )

/** Of one webhook, newest first. */
export const listDeliveries = (db: D1Database, webhookId: string, limit: number): Promise<ListedDelivery[]> =>
  all<ListedDelivery>(
    db
      .prepare(
        `SELECT message_id AS id, type, state, attempts, at, last_at, status, why FROM webhook_deliveries
         WHERE webhook_id = ? ORDER BY at DESC, message_id DESC LIMIT ?`,
      )
      .bind(webhookId, limit),
  )

export interface DeliveryCount {
  readonly id: string
  readonly url: string
  readonly waiting: number
  readonly given_up: number
}

/** Of each webhook, what has happened since then and is not delivered. */
export const countDeliveries = (db: D1Database, since: number): Promise<DeliveryCount[]> =>
  all<DeliveryCount>(
    db
      .prepare(
        `SELECT id, url, count(iif(state = 'waiting', 1, NULL)) AS waiting,
           count(iif(state = 'given_up', 1, NULL)) AS given_up
         FROM webhooks LEFT JOIN webhook_deliveries ON webhook_id = id AND at >= ?
         GROUP BY id ORDER BY created_at, id`,
      )
      .bind(since),
  )

/** By webhook, so that the primary key leads to the oldest. */
export const deleteOldDeliveries = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      `DELETE FROM webhook_deliveries WHERE (webhook_id, at, message_id) IN (
         SELECT webhook_id, at, message_id FROM webhooks CROSS JOIN webhook_deliveries ON webhook_id = id
         WHERE at < ? LIMIT ?)`,
    )
    .bind(before, limit)
