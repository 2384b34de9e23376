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
  retirements: 30,
  feedEntries: 2_000,
  feedSeconds: 300,
  seconds: 120,
  seed: 7,
  revokedShare: 0.02,
}
const CASES = [
  ['as it is', {}],
  ['feeds read all the time', { isolates: 5, shards: 1 }],
  ['feeds read now and then', { isolates: 300, shards: 8, seconds: 360 }],
  ['memory too small', { isolates: 4, rememberedTokens: 800 }],
  ['memory far too small', { isolates: 4, rememberedTokens: 400 }],
  ['feeds that go on now and then', { isolates: 300, shards: 8, retirements: 160, seconds: 240 }],
  ['feeds that hardly ever go on', { isolates: 300, shards: 8, feedSeconds: 10 }],
  ['a larger bound', { boundSeconds: 5, isolates: 10 }],
] as const

test.each(CASES)('the closed form is within a tenth of what is played: %s', async (_, changes) => {
  const slice = { ...SLICE, ...changes }
  const [played, reckoned] = [await play(slice), readsOf(slice)]
  expect(Math.abs(played.firstChecks / reckoned.firstChecks - 1)).toBeLessThan(0.1)
  expect(Math.abs(played.feedReadings / reckoned.feedReadings - 1)).toBeLessThan(0.1)
  expect(Math.abs(played.feedEntriesRead / reckoned.feedEntriesRead - 1)).toBeLessThan(0.1)
  expect(played.longestAcceptedMs).toBeLessThanOrEqual(slice.boundSeconds * 1_000)
})

test('where feeds are given up all the time and memory could hold more, readings are reckoned too many', async () => {
  const slice = { ...SLICE, isolates: 100, shards: 8, retirements: 160, feedEntries: 400 }
  const [played, reckoned] = [await play(slice), readsOf(slice)]
  expect(Math.abs(played.firstChecks / reckoned.firstChecks - 1)).toBeLessThan(0.1)
  expect(played.feedReadings / reckoned.feedReadings).toBeGreaterThan(0.75)
  expect(played.feedReadings / reckoned.feedReadings).toBeLessThan(1)
})

test('an isolate that meets a shard too rarely never reads its feed on', () => {
  // 40 retirements a second on each of 1,000 shards: 2,000 in 50 s. Tokens are found some 1e-5 times a second.
  const rare = { ...SLICE, isolates: 10_000, shards: 1_000, tokens: 1e7, checks: 5e5, retirements: 40_000 }
  const { firstChecks, feedReadings, feedEntriesRead } = readsOf(rare)
  expect(feedReadings).toBeGreaterThan(0)
  expect(feedEntriesRead / feedReadings / 2_000).toBeCloseTo(1, 2)
  expect(firstChecks / rare.checks).toBeCloseTo(1, 3)
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

test('dollars are what the arithmetic by hand gives', () => {
  const near = (dollars: number, byHand: number) => expect(dollars / byHand).toBeCloseTo(1, 2)
  // 10^5 users, 30,000 of them active: 900,000 active days a month.
  const small = of(1e5).dollars
  // Rows that operations read, 247 a second at the peak: 0.21. 6.35 retirements a second at the peak, each read by 80 isolates:
  // 0.44. 5,000 sessions of a pass and 2,600 rows of other tables, 43,200 times: 0.33. 4.38 million entries of the log, daily: 0.13.
  near(small.read, 0.21 + 0.44 + 0.33 + 0.13)
  // Removal included: 5.4 million refreshes of 6 rows; 90,000 links of 4, sign-ins of 7, ends of 6. Then 5 rows a minute of
  // each of 80 isolates.
  near(small.written, 32.4 + 1.53 + 17.28)
  // 10^5 × 1,800 B; 4.38 million × 600 B; 6.25 a second × 900 s × 500 B.
  near(small.storage, 0.75 * (0.18 + 2.628 + 0.003))
  // A link each, and a notice for a fifth.
  near(small.mails, 0.108 * 350)
  // 10^7: 210 isolates at the peak, 80 at least, read 635 retirements a second at the peak. 57 passes and 260,000 rows a minute.
  const large = of(1e7).dollars
  near(large.read, 24.3 + (635.4 * 210 * 2.592) / 3 / 1e3 + 23.5 + 12.3)
  near(large.written, 3_240 + 153 + ((210 + 2 * 80) / 3) * 0.216)
})

test('what cannot be borne is said', () => {
  const { isFeasible, revokedWithin, bottleneck } = of(1e10)
  expect([isFeasible, revokedWithin]).toEqual([false, null])
  expect(bottleneck).not.toBe('')
})
