// The ratios as an SVG: a bar for each comparison, its spread as a line, its goal as a mark.
import { median } from '../load/support/statistics.ts'
import { isMissed } from './goals.ts'
import type { Compared } from './measure.ts'

const WIDTH = 1_000
const LABEL_WIDTH = 470
const ROW = 34
const TOP = 46
const MARGIN = 60

export function plot(compared: readonly Compared[]): string {
  const most = Math.max(
    1,
    ...compared.flatMap(({ comparison, cpuRatios }) => [comparison.goal ?? 0, median(cpuRatios)]),
  )
  const x = (ratio: number): number =>
    LABEL_WIDTH + (Math.min(ratio, most * 1.05) / (most * 1.05)) * (WIDTH - LABEL_WIDTH - MARGIN)
  const height = TOP + compared.length * ROW + 20
  const rows = compared.map((each, index) => bar(each, TOP + index * ROW, x))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="10" y="24" font-size="16">Answers per second of processor time, over the floor of the same run</text>`,
    line(x(1), TOP - 12, x(1), height - 12, '#999', '3 3'),
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

function bar(each: Compared, y: number, x: (ratio: number) => number): string {
  const { comparison, cpuRatios } = each
  const { goal, operation, floor } = comparison
  const ratio = median(cpuRatios)
  const colour = goal === null ? '#8aa0b8' : isMissed(each) ? '#c0392b' : '#2e7d4f'
  const middle = y + 10
  return [
    `<text x="10" y="${y + 8}">${escaped(operation)}</text>`,
    `<text x="10" y="${y + 22}" fill="#666" font-size="11">over ${escaped(floor)}</text>`,
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${(x(ratio) - LABEL_WIDTH).toFixed(1)}" height="20" fill="${colour}"/>`,
    line(x(Math.min(...cpuRatios)), middle, x(Math.max(...cpuRatios)), middle, '#333', ''),
    goal === null ? '' : line(x(goal), y - 4, x(goal), y + 24, '#000', ''),
    `<text x="${(x(Math.max(ratio, ...cpuRatios)) + 6).toFixed(1)}" y="${y + 14}">${ratio.toFixed(2)}</text>`,
  ].join('')
}

const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, dashes: string): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1}" x2="${x2.toFixed(1)}" y2="${y2}" stroke="${stroke}" stroke-width="2" stroke-dasharray="${dashes}"/>`

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
