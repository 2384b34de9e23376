// Rounds of an operation and of its floor by turns, so that whatever else the machine does falls on both.
import { median, quantile } from '../load/support/statistics.ts'
import type { Comparison } from './comparisons.ts'
import type { HeapWatch } from './heap.ts'
import type { Instance } from './instance.ts'
import { type Client, rawRequest } from './load.ts'
import type { LoadPlan } from './loads.ts'
import { differentOf } from './order.ts'
import { processorSeconds } from './processor-time.ts'
import type { Scene } from './scene.ts'

const CONNECTIONS = 16
/** At least: the first comparison of a run showed a third less than the same one later, until its code was compiled for the last time. */
const WARM_UP_MS = 4_000
/** More than a round can use up, by what the warm-up has shown. */
const HEADROOM = 2.5
const LEAST_BUDGET = 200
/** However long they take: of a few, what a round costs by itself would be too much of it. */
const LEAST_ANSWERS = 100

export interface Figures {
  readonly perSecond: number
  /** Of all threads of workerd, D1 and the objects included, for each answer. */
  readonly cpuMicros: number
  readonly p50: number
  readonly p99: number
  /** Of an answer. */
  readonly bytes: number
}

export interface Measured extends Figures {
  /** Different requests in all rounds, those of the warm-up not counted. */
  readonly different: number
}

export interface Compared {
  readonly comparison: Comparison
  readonly operation: Measured
  readonly floor: Measured
  /** Throughput over that of the floor's round beside it: one for each pair of rounds. */
  readonly ratios: readonly number[]
  /** The floor's processor time over the operation's, likewise. */
  readonly cpuRatios: readonly number[]
}

export interface Plan {
  readonly rounds: number
  readonly roundMs: number
}

/** A plan under way: each of its rounds goes on where the one before has ended. */
interface Course {
  readonly plan: LoadPlan
  readonly budget: number
  made: number
  different: number
}

export interface World {
  readonly instance: Instance
  readonly scene: Scene
  readonly client: Client
  readonly heap: HeapWatch
}

export async function compare(
  world: World,
  comparison: Comparison,
  { rounds, roundMs }: Plan,
): Promise<Compared> {
  const warmUp = async (plan: LoadPlan): Promise<Course> => {
    const { perSecond } = await runOnce(world, plan)
    const most = Math.ceil((perSecond * roundMs * HEADROOM) / 1_000)
    return { plan, budget: budgetOf(plan, Math.max(LEAST_BUDGET, most)), made: 0, different: 0 }
  }
  const [floor, operation] = [await warmUp(comparison.floorPlan), await warmUp(comparison.plan)]
  const operations: Figures[] = []
  const floors: Figures[] = []
  for (let index = 0; index < rounds; index++) {
    // A B, B A, A B …: what drifts falls on both alike.
    const order = index % 2 === 0 ? [floor, operation] : [operation, floor]
    for (const each of order) {
      const figures = await runRound(world, each, roundMs)
      if (each === operation) operations.push(figures)
      else floors.push(figures)
    }
  }
  const pairs = operations.map((each, index) => ({ operation: each, floor: floors[index] as Figures }))
  return {
    comparison,
    operation: { ...middle(operations), different: operation.different },
    floor: { ...middle(floors), different: floor.different },
    ratios: pairs.map(each => each.operation.perSecond / each.floor.perSecond),
    cpuRatios: pairs.map(each => each.floor.cpuMicros / each.operation.cpuMicros),
  }
}

/** Until every request was made, and the code is compiled: what is remembered of a token is remembered afterwards. */
export const runOnce = (world: World, plan: LoadPlan): Promise<Figures> => {
  const course = { plan, budget: budgetOf(plan, LEAST_BUDGET), made: 0, different: 0 }
  return runRound(world, course, WARM_UP_MS, true)
}

async function runRound(
  { instance, scene, client }: World,
  course: Course,
  ms: number,
  isWhole = false,
): Promise<Figures> {
  const { plan, budget } = course
  const requests = (await plan.requests(scene, budget)).map(rawRequest)
  const before = processorSeconds(instance.pid)
  const answer = await client.run({
    port: Number(new URL(instance.urls[plan.worker]).port),
    requests,
    order: plan.order,
    made: course.made,
    chain: plan.chain ?? null,
    connections: CONNECTIONS,
    ms,
    least: isWhole ? requests.length : LEAST_ANSWERS,
    status: plan.status,
  })
  const cpuSeconds = processorSeconds(instance.pid) - before
  if (answer.wrong > 0) {
    throw new Error(`${answer.wrong} of ${answer.count} answers were wrong:\n${answer.firstWrong}`)
  }
  course.made += answer.count
  course.different = differentOf(plan.order, course.made, requests.length)
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
