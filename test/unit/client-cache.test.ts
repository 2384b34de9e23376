import { expect, it } from 'vitest'
import { ACCOUNT_CLIENT, type Client } from '../../src/domain/client.ts'
import { CLIENT_CACHE_SECONDS } from '../../src/domain/limits.ts'
import { createClientCache } from '../../src/store/client-cache.ts'

const named = (name: string): Client => ({ ...ACCOUNT_CLIENT, id: 'shop', name })

it('I4: a client that is changed while it is being read is read again, in the isolate that changed it', async () => {
  let stored = named('before')
  const reads: (() => void)[] = []
  const cache = createClientCache(async () => {
    const read = stored
    await new Promise<void>(resolve => reads.push(resolve))
    return read
  })
  const finish = async (found: Promise<Client | null>) => {
    reads.shift()?.()
    return (await found)?.name
  }
  const early = cache.find('shop', 100)
  stored = named('after')
  cache.forget('shop')
  expect(await finish(early)).toBe('before')
  expect(await finish(cache.find('shop', 101))).toBe('after')
  expect((await cache.find('shop', 100 + CLIENT_CACHE_SECONDS))?.name).toBe('after')
  expect(reads).toHaveLength(0)
})
