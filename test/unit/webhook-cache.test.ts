import { expect, it } from 'vitest'
import type { Webhook } from '../../src/domain/webhook.ts'
import { createWebhookCache } from '../../src/store/webhook-cache.ts'

it('WH-08: webhooks that are changed while they are being read are read again, in the isolate that changed them', async () => {
  const cache = createWebhookCache()
  const reads: (() => void)[] = []
  let stored: readonly Pick<Webhook, 'id'>[] = []
  const load = async () => {
    const read = stored as readonly Webhook[]
    await new Promise<void>(resolve => reads.push(resolve))
    return read
  }
  const finish = async (found: Promise<readonly Webhook[]>) => {
    reads.shift()?.()
    return (await found).map(({ id }) => id)
  }
  const early = cache.list(load, 100)
  stored = [{ id: 'w_new' }]
  cache.forget()
  expect(await finish(early)).toEqual([])
  expect(await finish(cache.list(load, 101))).toEqual(['w_new'])
  expect(await cache.list(load, 102)).toHaveLength(1)
  expect(reads).toHaveLength(0)
})
