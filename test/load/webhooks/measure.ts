// Rounds at two instances at the same time, one with receivers and one without, so that what else the machine does falls on both.
import { loadavg } from 'node:os'
import { renderTable } from '../../../src/cli/admin/table.ts'
import { createChecks } from '../../../src/cli/drill/checks.ts'
import type { OwnInstance } from '../support/own-instance.ts'
import { type Manner, startReceivers } from '../support/receivers.ts'
import { atPace, type SignedIn, signIn } from '../support/sign-ins.ts'
import { likelyRange, median, quantile } from '../support/statistics.ts'
import { recordStolen, type StolenRecord } from '../support/stolen-time.ts'
import { type Crowd, gatherCrowd, makeEvents } from './make-events.ts'
import { listEvents, settleRound, type Told } from './settle-round.ts'

export interface Plan {
  readonly manners: readonly Manner[]
  readonly events: number
  readonly rounds: number
  readonly signInsPerSecond: number
  readonly changesPerSecond: number
}

const WARM_UP_SIGN_INS = 40
const RATIO_MAX = 1.1
/**
 * A sign-in counts when the host took no more than this share of the processors from its beginning on, for a time that does not
 * depend on how long it took.
 */
const STOLEN_MAX = 0.25
const WINDOW_MS = 3_000
/** Of each kind that must count: where the host leaves fewer, nothing can be said. */
const COUNTED_MIN = 0.25
const NEVER = ['events.not_queued', 'webhook.not_queued']

const KINDS = ['without', 'with'] as const
type Kind = (typeof KINDS)[number]
export type Both<Each> = Readonly<Record<Kind, Each>>

/** @returns the claims that did not hold */
export async function measureWebhooks(instances: Both<OwnInstance>, plan: Plan): Promise<readonly string[]> {
  const { tell, check, broken } = createChecks()
  const crowds = await atBoth(kind => gatherCrowd(instances[kind]))
  await atBoth(kind =>
    atPace(plan.signInsPerSecond, WARM_UP_SIGN_INS, index =>
      signIn(instances[kind], crowds[kind].clientId, `warm-${index}@load.test`),
    ),
  )
  const made: Both<SignedIn[]> = { without: [], with: [] }
  const told: Told[] = []
  const rows = []
  const stolen = recordStolen()
  for (let round = 1; round <= plan.rounds; round++) {
    const { each, result, spanMs } = await runRound(instances, plan, crowds, round)
    told.push(result)
    for (const kind of KINDS) {
      const { signIns, refused } = each[kind]
      made[kind].push(...signIns)
      const times = timesOf(signIns)
      const ofTold = {
        events: result.events,
        'not told': result.lost + result.unknown,
        'late p50 s': seconds(median(result.lateMs)),
        'late max s': seconds(Math.max(...result.lateMs)),
        'told after s': seconds(result.tookMs),
      }
      const row = {
        round,
        receivers: kind,
        'sign-ins': signIns.length,
        counted: countedOf(signIns, stolen).length,
        'too busy': refused,
        'p50 ms': Math.round(median(times)),
        'p99 ms': Math.round(quantile(times, 0.99)),
        ...(kind === 'with' && ofTold),
        load: loadavg()[0]?.toFixed(1),
        'stolen %': Math.round(100 * stolen.between(...spanMs)),
      }
      rows.push(row)
      tell(JSON.stringify(row))
    }
  }
  stolen.stop()
  tell(`\n${renderTable(rows, Object.keys(rows.at(-1) ?? {}))}\n`)

  const sum = (pick: (each: Told) => number) => told.reduce((total, each) => total + pick(each), 0)
  tell(`Receivers: ${[...new Set(plan.manners)].map(each => describe(each, plan.manners)).join(', ')}.`)
  check(
    `${sum(each => each.events)} events reached each receiver that takes them`,
    sum(each => each.lost) === 0,
  )
  check('for the others each is written down as a delivery that waits', sum(each => each.unknown) === 0)
  check(
    `all ${sum(each => each.requests)} requests were signed as the published library wants it`,
    sum(each => each.badSignatures) === 0,
  )
  check(
    `${sum(each => each.repeated)} messages came more than once, each with one id and one body`,
    sum(each => each.changed) === 0,
  )
  const missed = NEVER.filter(event => instances.with.logged.has(event))
  check('the service has not logged that anything was not queued', missed.length === 0, missed)
  tell(`Sign-ins at whose time the host took ${100 * STOLEN_MAX} % of the processors at most:`)
  const times: Both<number[]> = { without: [], with: [] }
  let isTold = true
  for (const kind of KINDS) {
    times[kind].push(...timesOf(countedOf(made[kind], stolen)))
    const [p50, p99] = [0.5, 0.99].map(share => Math.round(quantile(times[kind], share)))
    tell(`   ${kind.padEnd(7)}  ${times[kind].length} of ${made[kind].length}  p50 ${p50} ms  p99 ${p99} ms`)
    const areEnough = times[kind].length >= COUNTED_MIN * made[kind].length
    check(`enough of those ${kind} receivers to judge by: ${100 * COUNTED_MIN} % at least`, areEnough)
    isTold &&= areEnough
  }
  if (isTold) {
    const ratioOf = (those: number[] = [], these: number[] = []) =>
      quantile(those, 0.99) / quantile(these, 0.99)
    const ratio = ratioOf(times.with, times.without)
    const range = likelyRange([times.with, times.without], ratioOf).map(each => each.toFixed(2))
    const claim = `p99 with receivers is ${ratio.toFixed(2)} of that without (${range.join('–')}), ${RATIO_MAX} at most`
    check(claim, ratio <= RATIO_MAX)
  } else tell('   What p99 with receivers is of that without cannot be told.')
  return broken
}

const timesOf = (signIns: readonly SignedIn[]): readonly number[] => signIns.map(({ ms }) => ms)

const countedOf = (signIns: readonly SignedIn[], stolen: StolenRecord): readonly SignedIn[] =>
  signIns.filter(({ atMs }) => stolen.between(atMs, atMs + WINDOW_MS) <= STOLEN_MAX)

async function atBoth<Each>(
  work: (kind: Kind) => Promise<Each>,
  order: readonly Kind[] = KINDS,
): Promise<Both<Each>> {
  const done = await Promise.all(order.map(async kind => [kind, await work(kind)] as const))
  return Object.fromEntries(done) as unknown as Both<Each>
}

async function runRound(instances: Both<OwnInstance>, plan: Plan, crowds: Both<Crowd>, round: number) {
  const before = new Set(listEvents(instances.with))
  const { operator } = instances.with
  const receivers = await startReceivers(operator, plan.manners)
  const from = performance.now()
  // Whoever is asked first at each turn is answered first: by turns.
  const order = round % 2 === 0 ? KINDS : KINDS.toReversed()
  const each = await atBoth(kind => makeEvents(instances[kind], plan, crowds[kind]), order)
  const spanMs = [from, performance.now()] as const
  const events = listEvents(instances.with).filter(event => !before.has(event))
  const result = await settleRound(instances.with, receivers, events, from)
  await receivers.remove()
  return { each, spanMs, result }
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1)

const describe = (manner: Manner, all: readonly Manner[]): string =>
  `${all.filter(each => each === manner).length} × ${manner}`
