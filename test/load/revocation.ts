// `npm run load:revocation`: for how long resource servers take a token that has ended for a live one.
import { command } from '../../src/cli/command.ts'
import { measureRevocation } from './revocation/measure.ts'
import { judge } from './support/judge.ts'
import { wholeNumber } from './support/options.ts'
import { withOwnInstance } from './support/own-instance.ts'

const USAGE = `npm run load:revocation [-- --revocations 1000] [--parallel 8]

Starts an instance of its own and two resource servers, each a process: the example Worker, which asks over a service
binding, and a server on Node, which asks over HTTP. Tokens are shown to both all the time, then end: their session ends,
they are refreshed, or their client revokes them. From the moment in which that is acknowledged, each server must refuse
the token strongly at once, and boundedly within a second: no request that is sent later may be accepted, however long its
answer takes. Exit code 0 only if all of it holds. The figures are of this machine: run it while nothing else does.

  --revocations N  tokens that end (1000)
  --parallel N     how many of them are under way at once (8)`

const OPTIONS = { revocations: { type: 'string' }, parallel: { type: 'string' } } as const

await command(USAGE, OPTIONS, async values => {
  const plan = {
    revocations: wholeNumber('--revocations', values.revocations ?? '1000'),
    parallel: wholeNumber('--parallel', values.parallel ?? '8'),
  }
  await judge(() => withOwnInstance('wrangler dev', instance => measureRevocation(instance, plan)))
})

process.exit()
