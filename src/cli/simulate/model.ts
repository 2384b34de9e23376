// From a workload to what it takes: load of each database, how many there have to be, dollars, and what gives way first.
import { DAY_SECONDS } from '../../domain/limits.ts'
import { COSTS, type Operation } from './costs.ts'
import { readsOf } from './memory.ts'
import { BYTES, CACHED_SECONDS, CLIENTS_MET, FIGURES, PLATFORM, PRICES } from './platform.ts'
import { peakRate, type Workload } from './workload.ts'

const MONTH_DAYS = 30
const YEAR_DAYS = 365

export interface RegionResult {
  readonly name: string
  readonly isolates: number
  readonly remembered: number
  /** Milliseconds that a check waits for a database, on average. */
  readonly waitMs: number
}

export interface Result {
  readonly users: number
  readonly shards: number
  /** Whether so many databases, each within what is planned with, bear it. */
  readonly isFeasible: boolean
  /** Queries in the busiest second, by what they are for, on one shard. */
  readonly load: Readonly<Record<Operation, number>>
  readonly queriesPerShard: number
  /** On the first database besides: keys, clients, webhooks and figures of each isolate. */
  readonly globalQueries: number
  readonly bytesPerShard: number
  readonly isolates: number
  readonly regions: readonly RegionResult[]
  readonly dollars: Readonly<Record<'read' | 'written' | 'requests' | 'objects' | 'mails', number>>
  /** Seconds; null where the feed cannot be read in time, and a check asks the truth or is refused. */
  readonly revokedWithin: number | null
  readonly bottleneck: string
}

/** As few databases as bear the load and hold the rows; or all there can be, and what is too much for them. */
export function reckon(workload: Workload): Result {
  let [least, most] = [1, PLATFORM.shardTags as number]
  while (least < most) {
    const middle = Math.floor((least + most) / 2)
    if (isBorne(workload, middle)) most = middle
    else least = middle + 1
  }
  return resultOf(workload, least)
}

const isBorne = (workload: Workload, shards: number): boolean => {
  const { queriesPerShard, bytesPerShard } = resultOf(workload, shards)
  return (
    queriesPerShard <= PLATFORM.queriesPerSecond * PLATFORM.planned &&
    bytesPerShard <= PLATFORM.databaseBytes * PLATFORM.planned
  )
}

export function resultOf(workload: Workload, shards: number): Result {
  const { users, perActiveUserDay: per } = workload
  const rate = (perDay: number) => peakRate(workload, perDay)
  const regions = regionsOf(workload, shards)
  const isolates = sum(regions.map(each => each.isolates))
  const rates: Record<Operation, number> = {
    strongValidation: rate(per.strongValidations),
    firstCheck: sum(regions.map(({ reads }) => reads.firstChecks)),
    feedReading: sum(regions.map(({ reads }) => reads.feedReadings)),
    refresh: rate(per.refreshes),
    linkRequest: rate(per.signIns),
    signIn: rate(per.signIns),
    end: rate(per.ends),
    list: rate(per.lists),
  }
  const load = mapOf(operation => (rates[operation] * COSTS[operation].queries) / shards)
  const queriesPerShard = sum(Object.values(load))
  const bytesPerShard = bytesOf(workload) / shards
  const { keys, clients, webhooks } = CACHED_SECONDS
  const globalQueries = isolates * (1 / keys + CLIENTS_MET / clients + 1 / webhooks + 1 / FIGURES.seconds)
  const limit = PLATFORM.queriesPerSecond * PLATFORM.planned
  const isGlobalBorne = queriesPerShard + globalQueries <= PLATFORM.queriesPerSecond
  const isShardBorne = queriesPerShard <= limit && bytesPerShard <= PLATFORM.databaseBytes * PLATFORM.planned
  const utilization = queriesPerShard / PLATFORM.queriesPerSecond
  return {
    users,
    shards,
    isFeasible: isShardBorne && isGlobalBorne,
    load,
    queriesPerShard,
    globalQueries,
    bytesPerShard,
    isolates,
    regions: regions.map(({ name, isolates: count, roundTripMs, checks, reads }) => {
      const misses = checks === 0 ? 0 : (reads.firstChecks + reads.feedReadings) / checks
      return {
        name,
        isolates: count,
        remembered: checks === 0 ? 0 : 1 - reads.firstChecks / checks,
        waitMs: misses * (roundTripMs + queueMs(utilization)),
      }
    }),
    dollars: dollarsOf(workload, rates, isolates),
    revokedWithin: utilization < 1 ? workload.boundSeconds : null,
    bottleneck: bottleneckOf(load, queriesPerShard / limit, bytesPerShard, globalQueries),
  }
}

/** Of an M/D/1 queue with a query a millisecond. */
const queueMs = (utilization: number): number =>
  utilization >= 1 ? Number.POSITIVE_INFINITY : 1 + utilization / (2 * (1 - utilization))

function regionsOf(workload: Workload, shards: number) {
  const { perActiveUserDay: per, tokenLifeSeconds } = workload
  const checks = peakRate(workload, per.checks)
  // Who refreshes has a token in use until it runs out.
  const tokens = Math.max(1, peakRate(workload, per.refreshes) * tokenLifeSeconds)
  return workload.regions.map(({ name, share, roundTripMs }) => {
    const isolates = Math.max(
      workload.leastIsolatesPerRegion,
      Math.ceil((checks * share) / workload.requestsPerIsolate),
    )
    const region = { ...workload, isolates, shards, checks: checks * share, tokens: tokens * share }
    return { name, roundTripMs, isolates, checks: checks * share, reads: readsOf(region) }
  })
}

function bytesOf({
  users,
  activeShare,
  perActiveUserDay: per,
  tokenLifeSeconds,
  peakFactor,
  logYears,
}: Workload) {
  const active = users * activeShare
  const events = active * (per.signIns + per.ends) * YEAR_DAYS * logYears
  const buckets = ((active * per.refreshes * peakFactor) / DAY_SECONDS) * tokenLifeSeconds * 1.5
  return users * (BYTES.user + 2 * BYTES.session) + events * BYTES.event + buckets * BYTES.bucket
}

function dollarsOf(
  { users, activeShare, perActiveUserDay: per, peakFactor }: Workload,
  rates: Result['load'],
  isolates: number,
) {
  const monthly = (peak: number) => (peak / peakFactor) * DAY_SECONDS * MONTH_DAYS
  const total = (part: 'read' | 'written' | 'objects') =>
    sum(operations.map(operation => monthly(rates[operation]) * COSTS[operation][part]))
  const figures = (isolates / peakFactor) * FIGURES.rows * ((DAY_SECONDS * MONTH_DAYS) / FIGURES.seconds)
  const months = users * activeShare * MONTH_DAYS
  const requests =
    months * (per.checks + per.strongValidations + per.refreshes + 2 * per.signIns + per.ends + per.lists)
  const price = (count: number, perMillion: number) => (count / 1e6) * perMillion
  return {
    read: price(total('read'), PRICES.rowsRead),
    written: price(total('written') + figures, PRICES.rowsWritten),
    requests: price(requests, PRICES.requests),
    objects: price(total('objects'), PRICES.objectRequests),
    mails: price(months * per.signIns, PRICES.mails),
  }
}

function bottleneckOf(
  load: Result['load'],
  shardShare: number,
  bytes: number,
  globalQueries: number,
): string {
  const [largest] = [...operations].sort((one, other) => load[other] - load[one])
  const candidates: [string, number][] = [
    [`queries of a shard, most of them ${largest}`, shardShare],
    ['storage of a shard', bytes / (PLATFORM.databaseBytes * PLATFORM.planned)],
    [
      'the first database: what each isolate reads of it',
      globalQueries / (PLATFORM.queriesPerSecond * PLATFORM.planned),
    ],
  ]
  return candidates.sort(([, one], [, other]) => other - one)[0]?.[0] ?? ''
}

const operations = Object.keys(COSTS) as Operation[]
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mapOf = (value: (operation: Operation) => number) =>
  Object.fromEntries(operations.map(operation => [operation, value(operation)])) as Record<Operation, number>
