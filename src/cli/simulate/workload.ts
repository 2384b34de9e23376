// What people, apps and the platform are taken to do. Every number is an assumption; docs/scale.md says where from.
import { ACCESS_TOKEN_SECONDS, DAY_SECONDS } from '../../domain/limits.ts'
import { BOUND_MS, REMEMBERED_TOKENS } from '../../verifier/bounded-verifier.ts'

export interface Region {
  readonly name: string
  /** Of all requests. */
  readonly share: number
  /** Milliseconds from its Workers to a database and back. */
  readonly roundTripMs: number
}

export interface Workload {
  readonly users: number
  /** Of them, on one day. */
  readonly activeShare: number
  /** By an active user in a day. */
  readonly perActiveUserDay: {
    /** Tokens that resource servers check. */
    readonly checks: number
    /** Tokens at Latchkey's own endpoints, which are always strong. */
    readonly strongValidations: number
    readonly refreshes: number
    readonly signIns: number
    readonly ends: number
    readonly lists: number
  }
  /** The busiest second against the mean. */
  readonly peakFactor: number
  readonly regions: readonly Region[]
  /** Requests a second that one isolate takes at the peak. */
  readonly requestsPerIsolate: number
  /** Isolates of a region that run whatever happens: locations, and several in each. */
  readonly leastIsolatesPerRegion: number
  readonly isolateLifeSeconds: number
  /** Seconds: how long a revoked token may still be taken for a live one. */
  readonly boundSeconds: number
  /** Tokens that an isolate remembers. */
  readonly rememberedTokens: number
  readonly tokenLifeSeconds: number
  /** Of a user, active or not. */
  readonly sessions: number
  /** Of sign-ins, those that their holder is told of by a mail. */
  readonly noticedShare: number
  readonly logYears: number
}

export const WORKLOAD: Omit<Workload, 'users'> = {
  activeShare: 0.3,
  perActiveUserDay: {
    checks: 100,
    strongValidations: 2,
    refreshes: 6,
    signIns: 0.1,
    ends: 0.1,
    lists: 0.1,
  },
  peakFactor: 3,
  regions: [
    { name: 'europe', share: 0.4, roundTripMs: 20 },
    { name: 'north-america', share: 0.3, roundTripMs: 100 },
    { name: 'asia-pacific', share: 0.2, roundTripMs: 220 },
    { name: 'elsewhere', share: 0.1, roundTripMs: 180 },
  ],
  requestsPerIsolate: 50,
  leastIsolatesPerRegion: 20,
  isolateLifeSeconds: 3_600,
  boundSeconds: BOUND_MS / 1_000,
  rememberedTokens: REMEMBERED_TOKENS,
  tokenLifeSeconds: ACCESS_TOKEN_SECONDS,
  sessions: 2,
  noticedShare: 0.2,
  logYears: 2,
}

/** Requests of one kind in the busiest second. */
export const peakRate = ({ users, activeShare, peakFactor }: Workload, perActiveUserDay: number): number =>
  (users * activeShare * perActiveUserDay * peakFactor) / DAY_SECONDS
