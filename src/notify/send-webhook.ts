// One try to tell a webhook (Standard Webhooks 1.0.0): signed anew, with the id and the body of every other try.
import type { EventMessage, HappenedMessage, WebhookMessage } from '../domain/event-message.ts'
import { WEBHOOK_TIMEOUT_MS } from '../domain/limits.ts'
import { wants, webhookBody, webhookMessageId } from '../domain/webhook.ts'
import { enqueue } from '../outbound/enqueue.ts'
import type { FetchTarget } from '../outbound/fetch-target.ts'
import type { Shards } from '../store/shards.ts'
import { webhookCache } from '../store/webhook-cache.ts'
import { findDeliveryState } from '../store/webhook-deliveries.ts'
import { disableWebhook, findWebhook, listWebhooks, type SigningWebhook } from '../store/webhooks.ts'
import type { Secrets } from '../tokens/secrets.ts'
import { signWebhook } from '../tokens/webhook-signature.ts'
import { type Delivery, failed, judgeAnswer, refused } from './delivery.ts'

export interface WebhookParts {
  readonly shards: Shards
  readonly secrets: Secrets
  readonly queue: Queue<EventMessage>
  readonly fetchTarget: FetchTarget
}

/** A message for each webhook that wants to know, so that each has tries of its own. Throws when the queue does. */
export async function tellWebhooks(
  { shards, queue }: WebhookParts,
  { event }: HappenedMessage,
): Promise<Delivery> {
  const wanting = (await listWebhooks(shards.global)).filter(webhook => wants(webhook, event.type))
  await enqueue(
    queue,
    wanting.map(({ id }) => ({ type: 'webhook', webhook_id: id, id: webhookMessageId(id, event), event })),
  )
  return { tag: 'settled' }
}

/** Throws StorageUnavailable. */
export async function sendWebhook(
  { shards, secrets, fetchTarget }: WebhookParts,
  { webhook_id, id, event }: WebhookMessage,
  now: number,
): Promise<Delivery> {
  const [found, state] = await Promise.all([
    findWebhook(shards.global, webhook_id),
    findDeliveryState(shards.global, webhook_id, event.at, id),
  ])
  // A try that took long has come to its end meanwhile, or the event was announced twice.
  const isOver = state === 'delivered' || state === 'given_up'
  if (found === null || isOver) return { tag: 'settled' }
  const { webhook } = found
  if (webhook.disabledAt !== null) return refused(failed(WEBHOOK_DISABLED))
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
  if (delivery.tag === 'delivered') return delivery
  if (delivery.status === GONE) {
    await disableWebhook(shards.global, webhook_id, webhook.url, now)
    webhookCache.forget()
    return refused(delivery)
  }
  return delivery.why === 'not_a_target' ? refused(delivery) : delivery
}

export const WEBHOOK_DISABLED = 'disabled'

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
