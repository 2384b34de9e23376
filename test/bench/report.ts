// The figures of a run, as tables for a terminal.
import { cpus } from 'node:os'
import { median, spread } from '../load/support/statistics.ts'
import { isMissed } from './goals.ts'
import type { Compared, Measured } from './measure.ts'
import type { Results } from './measure-all.ts'

export function report(results: Results): string {
  const { at, plan, load, stolen, bundle, compared, costs, memory, startUp } = results
  const parts = [
    `${at}, ${cpus().length} processors (${cpus()[0]?.model ?? 'unknown'}), load ${load.map(each => each.toFixed(1)).join(' before, ')} after, ${stolen ?? '?'} % of the time given to other machines`,
    `${plan.rounds} pairs of rounds of ${plan.roundMs} ms, medians (lowest–highest); floor in the second line of each; different: how many different requests were made in all rounds`,
    '',
    table(HEAD, compared.flatMap(rowsOf)),
  ]
  if (costs.length > 0) parts.push('', table(COST_HEAD, costs.map(costRow)))
  if (startUp !== null && memory !== null) {
    parts.push(
      '',
      `bundle: ${kib(bundle.bytes)} KiB, ${kib(bundle.gzipBytes)} KiB gz`,
      `start-up: ${startUp.serviceMs.toFixed(0)} ms of processor time more than an empty Worker (${startUp.emptyMs.toFixed(0)} ms with workerd's own)`,
      `memory: ${kib(memory)} KiB for each token that is remembered, ${Math.floor(2 ** 20 / memory)} in a MiB`,
    )
  }
  return parts.join('\n')
}

const HEAD = [
  '',
  'per CPU second',
  'by the clock',
  'goal',
  '',
  'a second',
  'CPU µs',
  'p50 ms',
  'p99 ms',
  'bytes',
  'different',
]

function rowsOf(each: Compared): string[][] {
  const { comparison, operation, floor, ratios, cpuRatios } = each
  const figures = ({ perSecond, cpuMicros, p50, p99, bytes, different }: Measured) => [
    perSecond.toFixed(0),
    cpuMicros.toFixed(0),
    p50.toFixed(1),
    p99.toFixed(1),
    `${bytes}`,
    `${different}`,
  ]
  const ratio = (values: readonly number[]) => `${median(values).toFixed(2)} (${spread(values, 2)})`
  const { goal } = comparison
  const verdict = goal === null ? '' : isMissed(each) ? 'MISSED' : 'reached'
  return [
    [
      ...[comparison.operation, ratio(cpuRatios), ratio(ratios), goal?.toFixed(2) ?? '–', verdict],
      ...figures(operation),
    ],
    [`  ${comparison.floor}`, '', '', '', '', ...figures(floor)],
  ]
}

const COST_HEAD = ['', 'D1 calls', 'rows read', 'rows written', 'bytes', '']
const costRow = ({ operation, calls, read, written, bytes, isOver }: Results['costs'][number]): string[] => [
  operation,
  `${calls}`,
  `${read}`,
  `${written}`,
  `${bytes}`,
  isOver ? 'MISSED' : '',
]

/** The first column to the left, the others to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  return all
    .map(row =>
      row
        .map((text, column) =>
          column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const kib = (bytes: number): string => (bytes / 1_024).toFixed(1)
