// What requests leave behind in the isolate that answers them, by what workerd says when it collects garbage.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build } from '../bench/build.ts'
import { watchHeap } from '../bench/heap.ts'
import { startInstance } from '../bench/instance.ts'
import { applySchema } from '../bench/schema.ts'

/** An isolate may have 128 MB: of what has been answered, nearly nothing stays. Empty, it has 3. */
const MAX_MB = 15
const MAX_REQUESTS = 300_000
const AT_ONCE = 16

test('requests that were answered leave nothing in memory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-memory-'))
  const service = await build('service', directory)
  const heap = watchHeap()
  const instance = await startInstance({ service }, join(directory, 'state'), ['service'], heap.onLine)
  try {
    await applySchema(instance)
    const keys = `${instance.urls.service}/.well-known/jwks.json`
    let requests = 0
    // A request that was answered before is found to be over the first time that everything is looked through.
    while (heap.left.size === 0) {
      requests += AT_ONCE
      expect(requests).toBeLessThan(MAX_REQUESTS)
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => fetch(keys)))
      for (const answer of answers) expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100)
    }
    for (const [megabytes] of heap.left.values()) expect(megabytes).toBeLessThan(MAX_MB)
  } finally {
    heap.stop()
    await instance.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
