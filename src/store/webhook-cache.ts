// The webhooks as one isolate knows them: at most WEBHOOK_CACHE_SECONDS old, so that what users do costs one read in each
// such time, however many of their objects ask.
import { WEBHOOK_CACHE_SECONDS } from '../domain/limits.ts'
import type { Webhook } from '../domain/webhook.ts'

export interface WebhookCache {
  list(load: () => Promise<readonly Webhook[]>, now: number): Promise<readonly Webhook[]>
  /** Called where a webhook is changed: this isolate sees the change at once. */
  forget(): void
}

export function createWebhookCache(): WebhookCache {
  let known: { readonly webhooks: readonly Webhook[]; readonly loadedAt: number } | null = null
  let changes = 0
  return {
    async list(load, now) {
      if (known !== null && Math.abs(now - known.loadedAt) < WEBHOOK_CACHE_SECONDS) return known.webhooks
      const changesBefore = changes
      const webhooks = await load()
      // Read before a change, and perhaps without it.
      if (changes === changesBefore) known = { webhooks, loadedAt: now }
      return webhooks
    },
    forget() {
      changes++
      known = null
    },
  }
}

/** One for the isolate: the Worker that changes webhooks and the users' objects that ask for them share it. */
export const webhookCache = createWebhookCache()
