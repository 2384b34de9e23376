// One run: the Workers are built and started, their scene is set, and everything is measured on that one instance.
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { createStolenMeter } from '../load/support/stolen-time.ts'
import { type Bundle, buildWorkers, WORKERS } from './build.ts'
import type { Comparison } from './comparisons.ts'
import { type CountedOperation, countCosts } from './costs.ts'
import { measureMemory, measureStartUp, type StartUp } from './footprint.ts'
import { watchHeap } from './heap.ts'
import { startInstance } from './instance.ts'
import { startClient } from './load.ts'
import { type Compared, compare, type Plan } from './measure.ts'
import { setScene } from './scene.ts'
import { applySchema } from './schema.ts'

export interface Results {
  readonly at: string
  readonly plan: Plan & { readonly sessions: number }
  /** Of the last minute, before and after. */
  readonly load: readonly [number, number]
  /** Per cent of the time in which the machine had work; null where nobody tells. */
  readonly stolen: number | null
  readonly bundle: Bundle
  readonly compared: readonly Compared[]
  readonly costs: readonly CountedOperation[]
  /** Bytes for each token that is remembered. */
  readonly memory: number | null
  readonly startUp: StartUp | null
}

/** @param isWhole also what is no comparison */
export async function measureAll(
  directory: string,
  comparisons: readonly Comparison[],
  plan: Results['plan'],
  isWhole: boolean,
): Promise<Results> {
  const before = loadavg()[0] ?? 0
  const stolen = createStolenMeter()
  console.log('Building the Workers …')
  const bundles = await buildWorkers(directory)
  const heap = watchHeap()
  const instance = await startInstance(bundles, join(directory, 'state'), WORKERS, heap.onLine)
  const client = startClient()
  try {
    await applySchema(instance)
    console.log(`Making ${plan.sessions} sessions …`)
    const scene = await setScene(instance, plan.sessions)
    const world = { instance, scene, client, heap }
    const costs = isWhole ? await countCosts(scene) : []
    const memory = isWhole ? await measureMemory(world) : null
    const compared: Compared[] = []
    for (const comparison of comparisons) {
      console.log(`${comparison.operation}, over ${comparison.floor} …`)
      compared.push(await compare(world, comparison, plan))
    }
    heap.stop()
    const startUp = isWhole ? await measureStartUp(bundles, directory) : null
    const load = [before, loadavg()[0] ?? 0] as const
    const at = new Date().toISOString()
    return { at, plan, load, stolen: stolen(), bundle: bundles.service, compared, costs, memory, startUp }
  } finally {
    client.stop()
    await instance.stop()
  }
}
