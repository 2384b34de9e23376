// What the service takes up: memory for tokens that are remembered, and the processor's time until it answers at all.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../load/support/statistics.ts'
import type { Bundles } from './build.ts'
import { startInstance } from './instance.ts'
import { withToken } from './loads.ts'
import { runOnce, type World } from './measure.ts'
import { processorSeconds, residentBytes } from './processor-time.ts'

export interface StartUp {
  /** Milliseconds of processor time from the start of workerd to the first answer, less that of an empty Worker. */
  readonly serviceMs: number
  readonly emptyMs: number
}

const STARTS = 5

/** By how much workerd has grown, in bytes for each token that the resource Worker now remembers: garbage counts too. */
export async function measureMemory(world: World): Promise<number> {
  const { instance, scene } = world
  await runOnce(world, withToken('resource', '/open', 'spread'))
  await runOnce(world, withToken('resource', '/bounded'))
  const before = residentBytes(instance.pid)
  await runOnce(world, withToken('resource', '/bounded', 'spread'))
  return (residentBytes(instance.pid) - before) / scene.spread.length
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
