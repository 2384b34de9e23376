// `npm run simulate`: what so many users take, by a model that is fed with measured costs. docs/scale.md explains it.
import { command, WrongUse } from './command.ts'
import { reckon, resultOf } from './simulate/model.ts'
import { PLATFORM } from './simulate/platform.ts'
import { tableOf } from './simulate/table.ts'
import { WORKLOAD } from './simulate/workload.ts'

const USAGE = `npm run simulate [-- --users 1e5,1e7,1e9] [--bound 1] [--checks 100] [--per-isolate 50] [--shards N] [--json]

Reckons with the rows and calls that the tests measure: load of each database, how many databases are needed, storage,
dollars a month, how soon a revoked token is refused everywhere, and what gives way first. Assumptions: docs/scale.md.

  --users LIST     how many users, separated by commas (1e5,1e7,1e9)
  --bound S        seconds for which a resource server may take a revoked token for a live one (1)
  --checks N       tokens that resource servers check, by an active user in a day (100)
  --per-isolate N  requests a second that one isolate takes at the peak (50)
  --shards N       with so many databases, not as few as are needed
  --json           everything that was reckoned, as JSON

Exit code 0 if what was asked for can be borne, 1 if some of it cannot, 2 for wrong use.`

const OPTIONS = {
  users: { type: 'string' },
  bound: { type: 'string' },
  checks: { type: 'string' },
  'per-isolate': { type: 'string' },
  shards: { type: 'string' },
  json: { type: 'boolean' },
} as const

function positive(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new WrongUse(`${name} must be a number above 0, and is ${JSON.stringify(text)}`)
  }
  return value
}

await command(USAGE, OPTIONS, async values => {
  const users = (values.users ?? '1e5,1e7,1e9').split(',').map(text => positive('--users', text))
  const shards = values.shards === undefined ? null : positive('--shards', values.shards)
  if (shards !== null && !(Number.isInteger(shards) && shards <= PLATFORM.shardTags)) {
    throw new WrongUse(`--shards must be a whole number up to ${PLATFORM.shardTags}`)
  }
  const perActiveUserDay = {
    ...WORKLOAD.perActiveUserDay,
    checks: positive('--checks', values.checks ?? String(WORKLOAD.perActiveUserDay.checks)),
  }
  const workload = {
    ...WORKLOAD,
    perActiveUserDay,
    boundSeconds: positive('--bound', values.bound ?? String(WORKLOAD.boundSeconds)),
    requestsPerIsolate: positive(
      '--per-isolate',
      values['per-isolate'] ?? String(WORKLOAD.requestsPerIsolate),
    ),
  }
  const results = users.map(each =>
    shards === null ? reckon({ ...workload, users: each }) : resultOf({ ...workload, users: each }, shards),
  )
  console.log(values.json ? JSON.stringify({ workload, results }, null, 2) : tableOf(results))
  if (results.some(({ isFeasible }) => !isFeasible)) process.exitCode = 1
})
