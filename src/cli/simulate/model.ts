// From a workload to what it takes: load of each database, how many there have to be, dollars, and what gives way first.
import { DAY_SECONDS, SIGN_IN_SECONDS } from '../../domain/limits.ts'
import { COSTS, type Operation } from './costs.ts'
import { readsOf } from './memory.ts'
import {
  BYTES,
  CACHED_SECONDS,
  CLIENTS_MET,
  FEED,
  FIGURES,
  HOUSEKEEPING,
  PLATFORM,
  PRICES,
} from './platform.ts'
import { peakRate, type Workload } from './workload.ts'

const MONTH_SECONDS = 30 * DAY_SECONDS
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
  /** A month. */
  readonly dollars: Readonly<
    Record<'read' | 'written' | 'storage' | 'requests' | 'objects' | 'mails', number>
  >
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
  const bytes = bytesOf(workload)
  const bytesPerShard = bytes / shards
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
    dollars: dollarsOf(workload, {
      ...{ rates, shards, bytes, isolates },
      feedEntriesRead: sum(regions.map(({ reads }) => reads.feedEntriesRead)),
    }),
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
  const retirements = retirementRate(workload)
  return workload.regions.map(({ name, share, roundTripMs }) => {
    const isolates = Math.max(
      workload.leastIsolatesPerRegion,
      Math.ceil((checks * share) / workload.requestsPerIsolate),
    )
    const load = { isolates, checks: checks * share, tokens: tokens * share }
    const region = { ...workload, ...FEED, ...load, shards, retirements }
    return { name, roundTripMs, isolates, checks: checks * share, reads: readsOf(region) }
  })
}

/** At the peak: a refresh retires the token before, an end the last one. */
const retirementRate = (workload: Workload): number =>
  peakRate(workload, workload.perActiveUserDay.refreshes + workload.perActiveUserDay.ends)

function bytesOf(workload: Workload): number {
  const { users, sessions } = workload
  const buckets = peakRate(workload, workload.perActiveUserDay.refreshes) * bucketSeconds(workload)
  return (
    users * (BYTES.user + sessions * BYTES.session) +
    entriesOf(workload) * BYTES.event +
    buckets * BYTES.bucket
  )
}

/** Of the log. */
const entriesOf = ({ users, activeShare, perActiveUserDay: per, logYears }: Workload): number =>
  users * activeShare * (per.signIns + per.ends) * YEAR_DAYS * logYears

const bucketSeconds = ({ tokenLifeSeconds }: Workload): number => tokenLifeSeconds + HOUSEKEEPING.keptSeconds

interface Spent {
  /** At the peak. */
  readonly rates: Result['load']
  readonly feedEntriesRead: number
  readonly isolates: number
  readonly shards: number
  readonly bytes: number
}

/**
 * A day is taken to be all peak for so much of it that the mean is right, and idle for the rest: what grows with the
 * square of the load, as the entries of feeds that all isolates read, is rather reckoned too dear.
 */
function dollarsOf(workload: Workload, { rates, feedEntriesRead, isolates, shards, bytes }: Spent) {
  const { users, activeShare, perActiveUserDay: per, peakFactor, noticedShare } = workload
  const monthly = (peak: number, idle = 0) =>
    idle * MONTH_SECONDS + ((peak - idle) / peakFactor) * MONTH_SECONDS
  const total = (part: 'read' | 'written' | 'removed' | 'objects') =>
    sum(operations.map(operation => monthly(rates[operation]) * COSTS[operation][part]))
  const leastIsolates = workload.regions.length * workload.leastIsolatesPerRegion
  const figures = (monthly(isolates, leastIsolates) / FIGURES.seconds) * FIGURES.rows
  const read = total('read') + monthly(feedEntriesRead) + readByHousekeeping(workload, shards)
  const months = (users * activeShare * MONTH_SECONDS) / DAY_SECONDS
  const requests =
    months * (per.checks + per.strongValidations + per.refreshes + 2 * per.signIns + per.ends + per.lists)
  const price = (count: number, perMillion: number) => (count / 1e6) * perMillion
  return {
    read: price(read, PRICES.rowsRead),
    written: price(total('written') + total('removed') + figures, PRICES.rowsWritten),
    storage: (bytes / 1e9) * PRICES.storage,
    requests: price(requests, PRICES.requests),
    objects: price(total('objects'), PRICES.objectRequests),
    mails: price(months * per.signIns * (1 + noticedShare), PRICES.mails),
  }
}

/** Rows a month. No table has an index over when its rows run out: each run reads the table, or goes on with a pass over it. */
function readByHousekeeping(workload: Workload, shards: number): number {
  const { users, sessions, perActiveUserDay: per, peakFactor } = workload
  const { seconds, keptSeconds, sessionRows, logRows } = HOUSEKEEPING
  const kept = (perDay: number, forSeconds: number) => (peakRate(workload, perDay) / peakFactor) * forSeconds
  const rows =
    Math.min(users * sessions, shards * sessionRows) +
    kept(per.refreshes + per.signIns, bucketSeconds(workload)) +
    kept(per.signIns, SIGN_IN_SECONDS + keptSeconds) +
    (retirementRate(workload) / peakFactor) * keptSeconds
  const runs = MONTH_SECONDS / seconds
  const passes = entriesOf(workload) * (MONTH_SECONDS / DAY_SECONDS)
  return rows * runs + Math.min(shards * logRows * runs, passes)
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
