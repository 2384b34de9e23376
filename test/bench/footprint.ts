// What the service takes up: memory for tokens that are remembered, and the processor's time until it answers at all.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../load/support/statistics.ts'
import type { Bundles } from './build.ts'
import { startInstance } from './instance.ts'
import { withToken } from './loads.ts'
import { runOnce, type World } from './measure.ts'
import { processorSeconds } from './processor-time.ts'

export interface StartUp {
  /** Milliseconds of processor time from the start of workerd to the first answer, less that of an empty Worker. */
  readonly serviceMs: number
  readonly emptyMs: number
}

const STARTS = 5

/** By how much the resource Worker's heap is larger for the tokens that it remembers: bytes for each. */
export async function measureMemory(world: World): Promise<number> {
  await runOnce(world, withToken('resource', '/bounded'))
  const before = await heapBytes(world)
  await runOnce(world, withToken('resource', '/bounded', 'spread'))
  return ((await heapBytes(world)) - before) / world.scene.spread.length
}

/** What one collection leaves may be found by the next. */
const COLLECTIONS = 3

/** Of the resource Worker, which alone is asked, until its heap has been looked through. */
async function heapBytes(world: World): Promise<number> {
  const { heap } = world
  heap.forget()
  for (;;) {
    for (const megabytes of heap.left.values()) {
      if (megabytes.length >= COLLECTIONS) return (megabytes.at(-1) ?? 0) * 1_000_000
    }
    await runOnce(world, withToken('resource', '/open'))
  }
}

export async function measureStartUp(bundles: Bundles, directory: string): Promise<StartUp> {
  const path = join(directory, 'empty.js')
  writeFileSync(path, EMPTY)
  const nothing = { ...bundles, service: { path, bytes: 0, gzipBytes: 0 } }
  const service: number[] = []
  const empty: number[] = []
  for (let index = 0; index < STARTS; index++) {
    empty.push(await startUpMs(nothing, directory))
    service.push(await startUpMs(bundles, directory))
  }
  return { emptyMs: median(empty), serviceMs: median(service) - median(empty) }
}

/** With the same bindings as the service. */
const EMPTY = `export class UserSessions {}
export class RateLimiter {}
export class WaitingBrowser {}
export default { fetch: () => new Response('') }`

async function startUpMs(bundles: Bundles, directory: string): Promise<number> {
  const instance = await startInstance(bundles, join(directory, 'start-up'), ['service'])
  try {
    await (await fetch(instance.urls.service)).arrayBuffer()
    return processorSeconds(instance.pid) * 1_000
  } finally {
    await instance.stop()
  }
}
