// What requests leave behind in the isolate that answers them, by what workerd says when it collects garbage.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build } from '../bench/build.ts'
import { startInstance } from '../bench/instance.ts'
import { applySchema } from '../bench/schema.ts'

/** An isolate may have 128 MB: of what has been answered, nearly nothing stays. Empty, it has 3. */
const MAX_MB = 15
const MAX_REQUESTS = 300_000
const AT_ONCE = 16
const COLLECTED = /Mark-Compact .*?-> ([\d.]+)/

test('requests that were answered leave nothing in memory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-memory-'))
  const service = await build('service', directory)
  // Megabytes that were left, each time that everything was looked through: a request answered before that is found to be over.
  const left: number[] = []
  const note = (line: string) => {
    const [, megabytes] = COLLECTED.exec(line) ?? []
    if (megabytes !== undefined) left.push(Number(megabytes))
  }
  process.env.MINIFLARE_WORKERD_V8_FLAGS = '--trace-gc'
  const instance = await startInstance({ service }, join(directory, 'state'), ['service'], note)
  try {
    await applySchema(instance)
    const keys = `${instance.urls.service}/.well-known/jwks.json`
    let requests = 0
    while (left.length === 0) {
      requests += AT_ONCE
      expect(requests).toBeLessThan(MAX_REQUESTS)
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => fetch(keys)))
      for (const answer of answers) expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100)
    }
    expect(Math.max(...left)).toBeLessThan(MAX_MB)
  } finally {
    delete process.env.MINIFLARE_WORKERD_V8_FLAGS
    await instance.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
