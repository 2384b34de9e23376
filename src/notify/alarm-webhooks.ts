// An alarm for the operators' webhooks: one message to the queue, if any of them wants it.
import type { AlarmReport } from '../domain/alarm.ts'
import { alarmEvent, wants } from '../domain/webhook.ts'
import { enqueue } from '../outbound/enqueue.ts'
import { listWebhooks } from '../store/webhooks.ts'
import type { WebhookParts } from './send-webhook.ts'

/** Throws StorageUnavailable, and what the queue throws. */
export async function tellWebhooksOfAlarm(
  { shards, queue }: Pick<WebhookParts, 'shards' | 'queue'>,
  alarm: AlarmReport,
  now: number,
): Promise<void> {
  const webhooks = await listWebhooks(shards.global)
  if (!webhooks.some(webhook => wants(webhook, 'alarm.raised'))) return
  await enqueue(queue, [{ type: 'happened', event: alarmEvent(alarm, now) }])
}
