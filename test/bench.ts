// `npm run bench`: what the service costs on workerd, as ratios to floors that are measured beside it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { command, WrongUse } from '../src/cli/command.ts'
import { UsageError } from '../src/cli/settings.ts'
import { COMPARISONS } from './bench/comparisons.ts'
import { GOALS_HELP, isMissed } from './bench/goals.ts'
import { measureAll } from './bench/measure-all.ts'
import { plot } from './bench/plot.ts'
import { report } from './bench/report.ts'
import { wholeNumber } from './load/support/options.ts'

const USAGE = `npm run bench [-- --rounds 15] [--round-ms 400] [--sessions 10000] [--only name,…] [--json FILE] [--plot FILE]

Builds the service as for a deployment, runs it on workerd beside a resource Worker and a Worker with floors, each on a
port of its own, and measures operations and their floors by turns. ${GOALS_HELP}
Exit code 0 only if every goal that was measured is reached. docs/performance.md says what is measured and how.

  --rounds N     pairs of rounds of each comparison (15)
  --round-ms N   milliseconds of a round (400)
  --sessions N   over how many tokens "all tokens" go (10000): of more, asked in turn, none is in a memory of 10000 any more
  --only NAMES   comparisons whose names begin so, comma-separated; nothing else is measured then:
${COMPARISONS.map(({ name, operation }) => `                   ${name.padEnd(22)}${operation}`).join('\n')}
  --json FILE    writes all figures there
  --plot FILE    where the plot goes (a file in the system's folder for temporary files)`

const OPTIONS = {
  rounds: { type: 'string' },
  'round-ms': { type: 'string' },
  sessions: { type: 'string' },
  only: { type: 'string' },
  json: { type: 'string' },
  plot: { type: 'string' },
} as const

await command(USAGE, OPTIONS, async values => {
  const prefixes = values.only?.split(',') ?? null
  const chosen = COMPARISONS.filter(({ name }) => prefixes?.some(prefix => name.startsWith(prefix)) ?? true)
  if (chosen.length === 0) throw new WrongUse('--only names no comparison')
  const plan = {
    rounds: wholeNumber('--rounds', values.rounds ?? '15'),
    roundMs: wholeNumber('--round-ms', values['round-ms'] ?? '400'),
    sessions: wholeNumber('--sessions', values.sessions ?? '10000'),
  }
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  try {
    const results = await measureAll(directory, chosen, plan, prefixes === null)
    console.log(`\n${report(results)}`)
    const plotPath = resolve(values.plot ?? join(tmpdir(), 'latchkey-bench.svg'))
    writeFileSync(plotPath, plot(results.compared))
    console.log(`\nThe plot is in ${plotPath}`)
    if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, null, 2))
    const missed = results.compared.filter(isMissed).map(({ comparison }) => comparison.name)
    const dear = results.costs.filter(cost => cost.isOver).map(({ operation }) => `${operation} in D1`)
    if (missed.length + dear.length > 0) throw new UsageError(`\nMissed: ${[...missed, ...dear].join(', ')}`)
    console.log('\nEvery goal that was measured is reached.')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

process.exit()
