// When a goal is reached.
import { median } from '../load/support/statistics.ts'
import type { Compared } from './measure.ts'

export const GOALS_HELP = `A
goal is held against answers for each second of workerd's processor time: with one thread that is what a quiet machine
would show as throughput, and it stays the same when others work on this one. Throughput by the clock stands beside it.`

export const isMissed = ({ comparison: { goal }, cpuRatios }: Compared): boolean =>
  goal !== null && median(cpuRatios) < goal
