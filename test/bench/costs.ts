// What an operation costs in D1, by D1's own count: exact, and the same on every machine. The tests hold it
// (test/worker/operation-rows.test.ts); here it is shown beside the times, and held again.
import type { HttpRequest } from './load.ts'
import { ending, introspection, type LoadPlan, listing, refreshing, signingIn, withToken } from './loads.ts'
import type { Scene } from './scene.ts'
import type { Cost } from './workers/counted.ts'

export interface CountedOperation extends Cost {
  readonly operation: string
  /** Of the answer's body. */
  readonly bytes: number
  readonly isOver: boolean
}

interface Budget {
  readonly operation: string
  readonly plan: LoadPlan
  readonly calls: number
  readonly read?: number
}

const BUDGETS: readonly Budget[] = [
  { operation: '/ping/whoami', plan: withToken('service', '/ping/whoami'), calls: 1, read: 1 },
  {
    operation: 'introspection, bounded, known',
    plan: introspection('service', '/oauth2/introspect'),
    calls: 0,
  },
  {
    operation: 'introspection, strong',
    plan: introspection('service', '/oauth2/introspect', 'hot', 'strong'),
    calls: 1,
    read: 1,
  },
  { operation: 'refresh', plan: refreshing, calls: 1 },
  { operation: 'sign-in by code, a new user', plan: signingIn, calls: 2 },
  { operation: 'signing out', plan: ending, calls: 2 },
  { operation: 'a page of 100 of 1,000 sessions', plan: listing('service', '/v1/sessions'), calls: 1 },
]

export async function countCosts(scene: Scene): Promise<CountedOperation[]> {
  const counted: CountedOperation[] = []
  for (const { operation, plan, calls, read = Number.POSITIVE_INFINITY } of BUDGETS) {
    const requests = await plan.requests(scene, 2)
    const [first, second = first] = requests as [HttpRequest, HttpRequest?]
    // The first one fills what the isolate remembers.
    const cost = (await scene.ask('/cost', { first, second })) as unknown as Cost & {
      status: number
      bytes: number
    }
    if (cost.status !== plan.status) throw new Error(`${operation}: ${cost.status}`)
    counted.push({ operation, ...cost, isOver: cost.calls > calls || cost.read > read })
  }
  return counted
}
