// The model behind `npm run simulate`: its closed form against the service's own verifier, played event by event.
import { expect, test } from 'vitest'
import { readsOf } from '../../src/cli/simulate/memory.ts'
import { reckon, resultOf } from '../../src/cli/simulate/model.ts'
import { play } from '../../src/cli/simulate/slice.ts'
import { WORKLOAD, type Workload } from '../../src/cli/simulate/workload.ts'

const SLICE = {
  isolates: 40,
  tokens: 1_500,
  checks: 300,
  tokenLifeSeconds: 120,
  rememberedTokens: 10_000,
  isolateLifeSeconds: 3_600,
  boundSeconds: 1,
  shards: 3,
  seconds: 120,
  seed: 7,
  revokedShare: 0.02,
}
const CASES = [
  ['as it is', {}],
  ['feeds read all the time', { isolates: 5, shards: 1 }],
  ['feeds read now and then', { isolates: 300, shards: 8 }],
  ['memory too small', { isolates: 4, rememberedTokens: 800 }],
  ['memory far too small', { isolates: 4, rememberedTokens: 400 }],
  ['a larger bound', { boundSeconds: 5, isolates: 10 }],
] as const

test.each(CASES)('the closed form is within a tenth of what is played: %s', async (_, changes) => {
  const slice = { ...SLICE, ...changes }
  const [played, reckoned] = [await play(slice), readsOf(slice)]
  expect(Math.abs(played.firstChecks / reckoned.firstChecks - 1)).toBeLessThan(0.1)
  expect(Math.abs(played.feedReadings / reckoned.feedReadings - 1)).toBeLessThan(0.1)
  expect(played.longestAcceptedMs).toBeLessThanOrEqual(slice.boundSeconds * 1_000)
})

const of = (users: number, changes: Partial<Workload> = {}) => reckon({ ...WORKLOAD, users, ...changes })

test('it takes as few databases as bear the load and the rows, and one fewer does not', () => {
  for (const users of [1e5, 1e6, 1e7]) {
    const { shards, isFeasible, queriesPerShard, bytesPerShard } = of(users)
    expect(isFeasible).toBe(true)
    expect(queriesPerShard).toBeLessThanOrEqual(500)
    expect(bytesPerShard).toBeLessThanOrEqual(5e9)
    const fewer = resultOf({ ...WORKLOAD, users }, shards - 1)
    if (shards > 1) expect(fewer.isFeasible).toBe(false)
  }
})

test('readings of the feed are one a bound for each isolate and shard at most, so a larger bound halves them', () => {
  const busy = {
    users: 1e7,
    boundSeconds: 1,
    perActiveUserDay: { ...WORKLOAD.perActiveUserDay, checks: 1e4 },
  }
  const few = { ...WORKLOAD, ...busy, requestsPerIsolate: 5_000, leastIsolatesPerRegion: 1 }
  const readings = (bound: number) => resultOf({ ...few, boundSeconds: bound }, 1)
  const [one, two] = [readings(1), readings(2)]
  expect(one.load.feedReading).toBeLessThanOrEqual(one.isolates)
  expect(one.load.feedReading).toBeGreaterThan(one.isolates * 0.9)
  expect(two.load.feedReading / one.load.feedReading).toBeCloseTo(0.5, 1)
})

test('dollars and rows go with the users', () => {
  const [some, more] = [of(1e6).dollars, of(1e7).dollars]
  for (const part of ['mails', 'requests', 'objects'] as const)
    expect(more[part] / some[part]).toBeCloseTo(10)
  expect(some.written).toBeGreaterThan(some.read)
})

test('what cannot be borne is said', () => {
  const { isFeasible, revokedWithin, bottleneck } = of(1e10)
  expect([isFeasible, revokedWithin]).toEqual([false, null])
  expect(bottleneck).not.toBe('')
})
