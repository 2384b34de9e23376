// What was reckoned, for people.
import type { Result } from './model.ts'

const LINES: readonly [string, (result: Result) => string][] = [
  ['users', ({ users }) => short(users)],
  ['databases needed', ({ shards, isFeasible }) => `${shards}${isFeasible ? '' : ' (too few)'}`],
  ['queries/s of each, at the peak', ({ queriesPerShard }) => short(queriesPerShard)],
  ['  first checks', ({ load }) => short(load.firstCheck)],
  ['  feed readings', ({ load }) => short(load.feedReading)],
  ['  refreshes', ({ load }) => short(load.refresh)],
  [
    '  all else',
    ({ load }) => short(load.strongValidation + load.linkRequest + load.signIn + load.end + load.list),
  ],
  ['queries/s of the first besides', ({ globalQueries }) => short(globalQueries)],
  ['storage of each, of 10 GB', ({ bytesPerShard }) => `${(bytesPerShard / 1e9).toFixed(2)} GB`],
  ['isolates at the peak', ({ isolates }) => short(isolates)],
  ['checks from memory', ({ regions }) => regions.map(({ remembered }) => percent(remembered)).join(' ')],
  ['wait of a check, ms', ({ regions }) => regions.map(({ waitMs }) => waitMs.toFixed(0)).join(' ')],
  [
    'dollars a month',
    ({ dollars }) => short(Object.values(dollars).reduce((total, each) => total + each, 0)),
  ],
  ['  rows written', ({ dollars }) => short(dollars.written)],
  ['  rows read', ({ dollars }) => short(dollars.read)],
  ['  storage', ({ dollars }) => short(dollars.storage)],
  ['  requests', ({ dollars }) => short(dollars.requests + dollars.objects)],
  ['  mails', ({ dollars }) => short(dollars.mails)],
  [
    'revoked everywhere within',
    ({ revokedWithin }) => (revokedWithin === null ? 'not kept: asks or refuses' : `${revokedWithin} s`),
  ],
]

export function tableOf(results: readonly Result[]): string {
  const rows = LINES.map(([name, value]) => [name, ...results.map(value)])
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  const lines = rows.map(row =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  )
  const limits = results.map(
    ({ users, bottleneck }) => `${short(users)} users: what gives way first is ${bottleneck}`,
  )
  return [...lines, '', ...limits].join('\n')
}

function short(value: number): string {
  if (!Number.isFinite(value)) return '∞'
  for (const [unit, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (value >= unit) return `${Number((value / unit).toPrecision(3))}${letter}`
  }
  return String(Number(value.toPrecision(3)))
}

const percent = (share: number): string => `${(share * 100).toFixed(0)}%`
