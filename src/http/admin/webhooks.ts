// Webhooks: where an operator's own services are told what happens to users (Standard Webhooks). A secret is shown once.
import * as v from 'valibot'
import { operation } from '#operation'
import { PAGE_MAX, URI_MAX_CHARS } from '../../domain/limits.ts'
import { WEBHOOK_EVENT_TYPES, type WebhookEventType } from '../../domain/security-events.ts'
import { isTargetUri } from '../../domain/target-uri.ts'
import { rfc3339, rfc3339OrNull } from '../../domain/time.ts'
import type { Webhook, WebhookEvent } from '../../domain/webhook.ts'
import { enqueue } from '../../outbound/enqueue.ts'
import { StorageUnavailable } from '../../store/d1.ts'
import { webhookCache } from '../../store/webhook-cache.ts'
import { type ListedDelivery, listDeliveries } from '../../store/webhook-deliveries.ts'
import {
  changeWebhook,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  rotateWebhookSecret,
} from '../../store/webhooks.ts'
import { randomId } from '../../tokens/random.ts'
import { mintWebhookSecret } from '../../tokens/webhook-signature.ts'
import { readJson } from '../body.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { Count, NullableText, Time } from '../openapi/fields.ts'
import { Problem } from '../problem.ts'

export const adminWebhooks = new Hono<LatchkeyEnv>()

const SUBSCRIPTIONS = ['*', ...WEBHOOK_EVENT_TYPES.filter(type => type !== 'webhook.test')] as const

const Url = v.pipe(v.string(), v.maxLength(URI_MAX_CHARS))
const Events = v.pipe(v.array(v.picklist(SUBSCRIPTIONS)), v.minLength(1), v.maxLength(SUBSCRIPTIONS.length))
const Description = v.nullable(v.pipe(v.string(), v.maxLength(300)))

const Body = v.object({ url: Url, events: Events, description: v.optional(Description, null) })
const Changes = v.object({
  url: v.optional(Url),
  events: v.optional(Events),
  description: v.optional(Description),
  disabled: v.optional(v.boolean()),
})

const View = v.pipe(
  v.object({
    id: v.string(),
    url: v.string(),
    events: v.array(v.string()),
    description: NullableText,
    created_at: Time,
    disabled_at: v.nullable(Time),
    held_until: v.nullable(Time),
  }),
  v.title('Webhook'),
)
const Secret = v.object({ secret: v.string() })

adminWebhooks.post(
  '/admin/v1/webhooks',
  operation({
    summary: 'Registers a webhook; its secret is shown once',
    by: 'operator',
    json: Body,
    answers: { 201: v.object({ ...View.entries, ...Secret.entries }) },
  }),
  async c => {
    const { parts, facts } = c.var
    const { url, events, description } = await readJson(c, Body)
    requireTarget(c, url)
    const id = randomId('w')
    const webhook: Webhook = {
      id,
      url,
      events: [...new Set(events)],
      description,
      createdAt: facts.now,
      disabledAt: null,
      heldUntil: null,
    }
    const secret = mintWebhookSecret()
    await insertWebhook(parts.shards.global, webhook, await seal(c, id, secret))
    webhookCache.forget()
    return c.json({ ...view(webhook), secret }, 201)
  },
)

adminWebhooks.get(
  '/admin/v1/webhooks',
  operation({
    summary: 'All webhooks',
    by: 'operator',
    answers: { 200: v.object({ webhooks: v.array(View) }) },
  }),
  async c => {
    const webhooks = await listWebhooks(c.var.parts.shards.global)
    return c.json({ webhooks: webhooks.map(view) })
  },
)

adminWebhooks.patch(
  '/admin/v1/webhooks/:id',
  operation({
    summary: 'Changes a webhook; one that answered 410 is enabled again by `disabled: false`',
    by: 'operator',
    json: Changes,
    answers: { 200: View },
    refusals: [404],
  }),
  async c => {
    const { events, ...others } = await readJson(c, Changes)
    if (others.url !== undefined) requireTarget(c, others.url)
    const { parts, facts } = c.var
    const changes = { ...others, events: events && [...new Set(events)] }
    const changed = await changeWebhook(parts.shards.global, c.req.param('id'), changes, facts.now)
    if (changed === null) throw new Problem('not_found')
    webhookCache.forget()
    return c.json(view(changed))
  },
)

adminWebhooks.delete(
  '/admin/v1/webhooks/:id',
  operation({
    summary: 'Deletes a webhook, its log, and what still waits to be sent to it',
    by: 'operator',
    answers: { 204: null },
    refusals: [404],
  }),
  async c => {
    if (!(await deleteWebhook(c.var.parts.shards.global, c.req.param('id')))) throw new Problem('not_found')
    webhookCache.forget()
    return c.body(null, 204)
  },
)

adminWebhooks.post(
  '/admin/v1/webhooks/:id/rotate-secret',
  operation({
    summary: 'Makes a new secret, shown once; the former one goes on signing beside it for a day',
    by: 'operator',
    answers: { 200: Secret },
    refusals: [404],
  }),
  async c => {
    const { parts, facts } = c.var
    const id = c.req.param('id')
    const secret = mintWebhookSecret()
    if (!(await rotateWebhookSecret(parts.shards.global, id, await seal(c, id, secret), facts.now)))
      throw new Problem('not_found')
    return c.json({ secret })
  },
)

const DeliveryView = v.object({
  id: v.string(),
  type: v.string(),
  state: v.string(),
  attempts: Count,
  at: Time,
  last_at: Time,
  status: v.nullable(Count),
  why: NullableText,
})

adminWebhooks.get(
  '/admin/v1/webhooks/:id/deliveries',
  operation({
    summary: 'What became of a webhook’s messages, newest first',
    by: 'operator',
    answers: { 200: v.object({ deliveries: v.array(DeliveryView) }) },
    refusals: [404],
  }),
  async c => {
    const { id } = await requireWebhook(c)
    const deliveries = await listDeliveries(c.var.parts.shards.global, id, PAGE_MAX)
    return c.json({ deliveries: deliveries.map(deliveryView) })
  },
)

adminWebhooks.post(
  '/admin/v1/webhooks/:id/test',
  operation({
    summary: 'Sends `webhook.test` on the way that events take; the log says what became of it',
    by: 'operator',
    answers: { 202: v.object({ id: v.string() }) },
    refusals: [404, 409],
  }),
  async c => {
    const { parts, facts } = c.var
    const webhook = await requireWebhook(c)
    if (webhook.disabledAt !== null) throw new Problem('webhook_disabled')
    const id = `${webhook.id}-${randomId('test')}`
    const event: WebhookEvent = { ...TEST_EVENT, at: facts.now }
    try {
      await enqueue(parts.queue, [{ body: { type: 'webhook', webhook_id: webhook.id, id, event } }])
    } catch (cause) {
      throw new StorageUnavailable('the queue took no message', { cause })
    }
    return c.json({ id }, 202)
  },
)

const TEST_EVENT = {
  type: 'webhook.test' satisfies WebhookEventType,
  user_id: null,
  session_id: null,
  client_id: null,
  reason: null,
  seq: null,
} as const

function requireTarget(c: LatchkeyContext, url: string): void {
  if (!isTargetUri(url, c.var.parts.config.loopbackTargets)) {
    throw new Problem('invalid_request', { detail: 'check: url' })
  }
}

async function requireWebhook(c: LatchkeyContext): Promise<Webhook> {
  const found = await findWebhook(c.var.parts.shards.global, c.req.param('id') ?? '')
  if (found === null) throw new Problem('not_found')
  return found
}

const seal = (c: LatchkeyContext, id: string, secret: string): Promise<string> =>
  c.var.parts.secrets.seal('webhook-secret', id, secret)

const view = (webhook: Webhook) => ({
  id: webhook.id,
  url: webhook.url,
  events: webhook.events,
  description: webhook.description,
  created_at: rfc3339(webhook.createdAt),
  disabled_at: rfc3339OrNull(webhook.disabledAt),
  held_until: rfc3339OrNull(webhook.heldUntil),
})

const deliveryView = (delivery: ListedDelivery) => ({
  ...delivery,
  at: rfc3339(delivery.at),
  last_at: rfc3339(delivery.last_at),
})
