// Rounds of an operation and of its floor by turns, so that whatever else the machine does falls on both.
import { median, quantile } from '../load/support/statistics.ts'
import type { Comparison } from './comparisons.ts'
import type { Instance } from './instance.ts'
import { type Client, rawRequest } from './load.ts'
import type { LoadPlan } from './loads.ts'
import { processorSeconds } from './processor-time.ts'
import type { Scene } from './scene.ts'

const CONNECTIONS = 16
/** Before the first round of each: the code is compiled, caches are filled. */
const WARM_UP_MS = 500
/** More than a round can use up, by what the warm-up has shown. */
const HEADROOM = 2.5
const LEAST_BUDGET = 200

export interface Figures {
  readonly perSecond: number
  /** Of all threads of workerd, D1 and the objects included, for each answer. */
  readonly cpuMicros: number
  readonly p50: number
  readonly p99: number
  /** Of an answer. */
  readonly bytes: number
}

export interface Compared {
  readonly comparison: Comparison
  readonly operation: Figures
  readonly floor: Figures
  /** Throughput over that of the floor's round beside it: one for each pair of rounds. */
  readonly ratios: readonly number[]
  /** The floor's processor time over the operation's, likewise. */
  readonly cpuRatios: readonly number[]
}

export interface Plan {
  readonly rounds: number
  readonly roundMs: number
}

export interface World {
  readonly instance: Instance
  readonly scene: Scene
  readonly client: Client
}

export async function compare(
  world: World,
  comparison: Comparison,
  { rounds, roundMs }: Plan,
): Promise<Compared> {
  const { plan, floorPlan } = comparison
  const budgets = new Map<LoadPlan, number>()
  for (const each of [floorPlan, plan]) {
    const { perSecond } = await runOnce(world, each)
    budgets.set(
      each,
      budgetOf(each, Math.max(LEAST_BUDGET, Math.ceil((perSecond * roundMs * HEADROOM) / 1_000))),
    )
  }
  const operations: Figures[] = []
  const floors: Figures[] = []
  for (let index = 0; index < rounds; index++) {
    // A B, B A, A B …: what drifts falls on both alike.
    const order = index % 2 === 0 ? [floorPlan, plan] : [plan, floorPlan]
    for (const each of order) {
      const figures = await runRound(world, each, roundMs, budgets.get(each) ?? LEAST_BUDGET)
      if (each === plan) operations.push(figures)
      else floors.push(figures)
    }
  }
  const pairs = operations.map((operation, index) => ({ operation, floor: floors[index] as Figures }))
  return {
    comparison,
    operation: middle(operations),
    floor: middle(floors),
    ratios: pairs.map(({ operation, floor }) => operation.perSecond / floor.perSecond),
    cpuRatios: pairs.map(({ operation, floor }) => floor.cpuMicros / operation.cpuMicros),
  }
}

/** Until every request was made, and the code is compiled: what is remembered of a token is remembered afterwards. */
export const runOnce = (world: World, plan: LoadPlan): Promise<Figures> =>
  runRound(world, plan, WARM_UP_MS, budgetOf(plan, LEAST_BUDGET), true)

async function runRound(
  { instance, scene, client }: World,
  plan: LoadPlan,
  ms: number,
  budget: number,
  isWhole = false,
): Promise<Figures> {
  const requests = (await plan.requests(scene, budget)).map(rawRequest)
  const before = processorSeconds(instance.pid)
  const answer = await client.run({
    port: Number(new URL(instance.urls[plan.worker]).port),
    requests,
    order: plan.order,
    chain: plan.chain ?? null,
    connections: CONNECTIONS,
    ms,
    least: isWhole ? requests.length : 0,
    status: plan.status,
  })
  const cpuSeconds = processorSeconds(instance.pid) - before
  if (answer.wrong > 0) {
    throw new Error(`${answer.wrong} of ${answer.count} answers were wrong:\n${answer.firstWrong}`)
  }
  return {
    perSecond: (answer.count * 1_000) / answer.ms,
    cpuMicros: (cpuSeconds * 1e6) / answer.count,
    p50: answer.p50,
    p99: answer.p99,
    bytes: Math.round(answer.bytes / answer.count),
  }
}

/** A chain needs a beginning for each connection, and no more. */
const budgetOf = (plan: LoadPlan, count: number): number =>
  plan.order === 'each leads on' ? CONNECTIONS : count

const middle = (figures: readonly Figures[]): Figures => ({
  perSecond: median(figures.map(each => each.perSecond)),
  cpuMicros: median(figures.map(each => each.cpuMicros)),
  p50: median(figures.map(each => each.p50)),
  p99: median(figures.map(each => each.p99)),
  bytes: quantile(
    figures.map(each => each.bytes),
    0.5,
  ),
})
