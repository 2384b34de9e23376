// One try to tell a webhook (Standard Webhooks 1.0.0): signed anew, with the id and the body of every other try.
import type { EventMessage, WebhookMessage } from '../domain/event-message.ts'
import { WEBHOOK_HELD_SECONDS, WEBHOOK_TIMEOUT_MS } from '../domain/limits.ts'
import {
  heldForSeconds,
  type Webhook,
  type WebhookEvent,
  wants,
  webhookBody,
  webhookMessageId,
} from '../domain/webhook.ts'
import { enqueue } from '../outbound/enqueue.ts'
import type { FetchTarget } from '../outbound/fetch-target.ts'
import type { Combined } from '../store/combined.ts'
import type { Shards } from '../store/shards.ts'
import { webhookCache } from '../store/webhook-cache.ts'
import {
  claimHeldWebhook,
  disableWebhook,
  holdWebhook,
  releaseWebhook,
  type SigningRow,
  type SigningWebhook,
  selectSigningWebhook,
  selectWebhooks,
  signingWebhookOf,
  type WebhookRow,
  webhookOf,
} from '../store/webhooks.ts'
import { randomShare } from '../tokens/random.ts'
import type { Secrets } from '../tokens/secrets.ts'
import { signWebhook } from '../tokens/webhook-signature.ts'
import { type Delivery, type Failed, failed, heldBack, judgeAnswer, refused } from './delivery.ts'

export interface WebhookParts {
  readonly shards: Shards
  readonly secrets: Secrets
  readonly queue: Queue<EventMessage>
  readonly fetchTarget: FetchTarget
  /** Reads and writes of the first database, together with those of the other messages of the batch. */
  readonly ask: Combined
}

/**
 * A message for each webhook that wants to know, so that each has tries of its own; one that hangs gets them later, so that
 * they are not in the way of the others'. Throws StorageUnavailable, and what the queue throws.
 */
export async function tellWebhooks(
  { shards, queue, ask }: Pick<WebhookParts, 'shards' | 'queue' | 'ask'>,
  event: WebhookEvent,
  now: number,
): Promise<Delivery> {
  const webhooks = (await ask<WebhookRow>(selectWebhooks(shards.global))).map(webhookOf)
  const wanting = webhooks.filter(webhook => wants(webhook, event.type))
  await enqueue(
    queue,
    wanting.map(each => ({
      body: { type: 'webhook', webhook_id: each.id, id: webhookMessageId(each.id, event), event },
      delaySeconds: heldForSeconds(each, now, randomShare()),
    })),
  )
  return { tag: 'settled' }
}

/** Throws StorageUnavailable. @param onLong called when it is known that the answer may take long */
export async function sendWebhook(
  parts: WebhookParts,
  { webhook_id, id, event }: WebhookMessage,
  now: number,
  onLong: () => void,
): Promise<Delivery> {
  const { shards, secrets, fetchTarget, ask } = parts
  const [row] = await ask<SigningRow>(selectSigningWebhook(shards.global, webhook_id, event.at, id))
  // A try that took long has come to its end meanwhile, or the event was announced twice.
  const isOver = row?.state === 'delivered' || row?.state === 'given_up'
  if (row === undefined || isOver) return { tag: 'settled' }
  const found = signingWebhookOf(row)
  const { webhook } = found
  if (webhook.disabledAt !== null) return refused(failed(WEBHOOK_DISABLED))
  const early = (row.retry_at ?? 0) - now
  if (early > 0) return heldBack(early)
  if (webhook.heldUntil !== null) {
    const held = await findHeld(shards.global, webhook, now)
    if (held !== null) return held
    onLong()
  }
  const attempt = { id, timestamp: now, body: webhookBody(event) }
  const answer = await fetchTarget(webhook.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': `${now}`,
      'webhook-signature': await signWebhook(await unsealSecrets(secrets, found, now), attempt),
    },
    body: attempt.body,
    timeoutMs: WEBHOOK_TIMEOUT_MS,
  })
  const delivery = judgeAnswer(answer, now)
  if (delivery.tag === 'failed' && delivery.why === 'timed_out') {
    await holdWebhook(shards.global, webhook, now, now + WEBHOOK_HELD_SECONDS)
  } else if (webhook.heldUntil !== null) {
    await releaseWebhook(shards.global, webhook)
  }
  if (delivery.tag === 'delivered') return delivery
  if (delivery.status === GONE) {
    await disableWebhook(shards.global, webhook_id, webhook.url, now)
    webhookCache.forget()
    return refused(delivery)
  }
  return delivery.why === 'not_a_target' ? refused(delivery) : delivery
}

export const WEBHOOK_DISABLED = 'disabled'

/** null for the one try that may be made once the time is over: whoever comes next waits for what comes of it. */
async function findHeld(db: D1Database, webhook: Webhook, now: number): Promise<Failed | null> {
  const until = now + WEBHOOK_HELD_SECONDS
  const isOver = webhook.heldUntil !== null && webhook.heldUntil <= now
  if (isOver && (await claimHeldWebhook(db, webhook, until))) return null
  const heldUntil = isOver ? until : webhook.heldUntil
  return heldBack(heldForSeconds({ ...webhook, heldUntil }, now, randomShare()))
}

/** "Sender should disable the webhook endpoint, and stop sending it messages." */
const GONE = 410

/** The current secret, and for a while after a rotation those before it. Throws when the current one cannot be unsealed. */
async function unsealSecrets(
  secrets: Secrets,
  { webhook: { id }, sealedSecret, sealedFormerSecrets, formerUntil }: SigningWebhook,
  now: number,
): Promise<readonly string[]> {
  const unseal = (sealed: string) => secrets.unseal('webhook-secret', id, sealed)
  const current = await unseal(sealedSecret)
  if (current === null) throw new Error('the secret of a webhook cannot be unsealed')
  const former = now < (formerUntil ?? 0) ? await Promise.all(sealedFormerSecrets.map(unseal)) : []
  return [current, ...former.filter(secret => secret !== null)]
}
