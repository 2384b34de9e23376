// Rounds without and with receivers, in turns, so that what else the machine does falls on both.
import { loadavg } from 'node:os'
import { renderTable } from '../../../src/cli/admin/table.ts'
import { createChecks } from '../../../src/cli/drill/checks.ts'
import type { OwnInstance } from '../support/own-instance.ts'
import { type Manner, startReceiver } from '../support/receivers.ts'
import { atPace, signIn } from '../support/sign-ins.ts'
import { median, quantile, spread } from '../support/statistics.ts'
import { createStolenMeter } from '../support/stolen-time.ts'
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
const NEVER = ['events.not_queued', 'webhook.not_queued']

/** @returns the claims that did not hold */
export async function measureWebhooks(instance: OwnInstance, plan: Plan): Promise<readonly string[]> {
  const { tell, check, broken } = createChecks()
  const crowd = await gatherCrowd(instance)
  await atPace(plan.signInsPerSecond, WARM_UP_SIGN_INS, index =>
    signIn(instance, crowd.clientId, `warm-${index}@load.test`),
  )
  const p50: Record<Kind, number[]> = { without: [], with: [] }
  const p99: Record<Kind, number[]> = { without: [], with: [] }
  const told: Told[] = []
  const rows = []
  const stolen = createStolenMeter()
  for (let round = 1; round <= plan.rounds; round++) {
    for (const kind of ['without', 'with'] as const) {
      const { signInMs, refused, events, result } = await runRound(instance, plan, crowd, kind)
      p50[kind].push(median(signInMs))
      p99[kind].push(quantile(signInMs, 0.99))
      if (result !== null) told.push(result)
      const row = {
        round,
        receivers: kind,
        'sign-ins': signInMs.length,
        'too busy': refused,
        'p50 ms': Math.round(median(signInMs)),
        'p99 ms': Math.round(quantile(signInMs, 0.99)),
        events,
        'not told': result === null ? null : result.lost + result.unknown,
        'late p50 s': result === null ? null : seconds(median(result.lateMs)),
        'late max s': result === null ? null : seconds(Math.max(...result.lateMs)),
        'told after s': result === null ? null : seconds(result.tookMs),
        load: loadavg()[0]?.toFixed(1),
        'stolen %': stolen(),
      }
      rows.push(row)
      tell(JSON.stringify(row))
    }
  }
  tell(`\n${renderTable(rows, Object.keys(rows[0] ?? {}))}\n`)

  const sum = (pick: (each: Told) => number) => told.reduce((total, each) => total + pick(each), 0)
  tell(`Receivers: ${[...new Set(plan.manners)].map(each => describe(each, plan.manners)).join(', ')}.`)
  check(
    `${sum(each => each.events)} events reached each receiver that takes them`,
    sum(each => each.lost) === 0,
  )
  check('for the others each is known as a delivery that waits', sum(each => each.unknown) === 0)
  check(
    `all ${sum(each => each.requests)} requests were signed as the published library wants it`,
    sum(each => each.badSignatures) === 0,
  )
  check(
    `${sum(each => each.repeated)} messages came more than once, each with one id and one body`,
    sum(each => each.changed) === 0,
  )
  const missed = NEVER.filter(event => instance.logged.has(event))
  check('the service has not logged that anything was not queued', missed.length === 0, missed)
  const ratio = median(p99.with) / median(p99.without)
  tell(
    `Sign-ins, medians of the rounds (lowest–highest), load average ${loadavg()
      .map(each => each.toFixed(1))
      .join(' ')}:`,
  )
  for (const kind of ['without', 'with'] as const) {
    tell(
      `   ${kind.padEnd(7)}  p50 ${Math.round(median(p50[kind]))} ms (${spread(p50[kind])})  p99 ${Math.round(median(p99[kind]))} ms (${spread(p99[kind])})`,
    )
  }
  check(`p99 with receivers is ${ratio.toFixed(2)} of that without, ${RATIO_MAX} at most`, ratio <= RATIO_MAX)
  return broken
}

type Kind = 'without' | 'with'

async function runRound(instance: OwnInstance, plan: Plan, crowd: Crowd, kind: Kind) {
  const before = new Set(listEvents(instance))
  const receivers =
    kind === 'without'
      ? []
      : await Promise.all(plan.manners.map(manner => startReceiver(instance.operator, manner)))
  const from = performance.now()
  const made = await makeEvents(instance, plan, crowd)
  const events = listEvents(instance).filter(event => !before.has(event))
  if (kind === 'without') return { ...made, events: events.length, result: null }
  const result = await settleRound(instance, receivers, events, from)
  await Promise.all(receivers.map(each => each.remove()))
  return { ...made, events: events.length, result }
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1)

const describe = (manner: Manner, all: readonly Manner[]): string =>
  `${all.filter(each => each === manner).length} × ${manner}`
