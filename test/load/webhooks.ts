// `npm run load:webhooks`: what receivers of webhooks that fail or hang do to the others, and to people who sign in.
import { command } from '../../src/cli/command.ts'
import { UsageError } from '../../src/cli/settings.ts'
import { judge } from './support/judge.ts'
import { wholeNumber } from './support/options.ts'
import { withOwnInstance } from './support/own-instance.ts'
import type { Manner } from './support/receivers.ts'
import { measureWebhooks } from './webhooks/measure.ts'

const USAGE = `npm run load:webhooks [-- --events 10000] [--rounds 4] [--sign-ins 4] [--changes 2]
npm run load:webhooks -- --hanging 100 [--events 300] [--changes 1]

Starts two instances of its own, one with receivers of webhooks and one without, and lets people sign in, change their
preferences and be signed out at both at the same time: what else the machine does falls on both. Of five receivers two are
well, one answers 500 to the first try of each message, one drops every connection, one accepts and never answers. Every event
must reach those that take it, with a good signature and under one id, and wait in the list of deliveries for the others; and
the 99th percentile of sign-ins must be within 10 % of that without receivers. Exit code 0 only if all of it holds. The figures
are of this machine: run it while nothing else does. What its host gives to other machines stands in the last column; a sign-in
counts only where that is a quarter at most; where fewer than a quarter count, their ratio cannot be told, and has not held.
In a round no more than 5000 messages may come to wait for receivers that take none: the local queue fails beyond 10000.

  --events N    events to be told, in all rounds together (10000; with --hanging 300, or fewer for more than 66)
  --rounds N    rounds: after each it is waited until everything is told (4)
  --sign-ins N  sign-ins a second, at each instance (4)
  --changes N   other events a second, at each instance (2; with --hanging 1)
  --hanging N   one receiver that is well and N that hang, instead of the five`

const OPTIONS = {
  events: { type: 'string' },
  rounds: { type: 'string' },
  'sign-ins': { type: 'string' },
  changes: { type: 'string' },
  hanging: { type: 'string' },
} as const

/**
 * In a round. The simulated queue has a timer for each message that waits, of which workerd gives it 10,000; then it takes and
 * hands on nothing more, for good. Those of the round before may still be there.
 */
const WAITING_MAX = 5_000

const FIVE: readonly Manner[] = ['well', 'well', 'fails first', 'drops', 'hangs']

await command(USAGE, OPTIONS, async values => {
  const number = (name: keyof typeof OPTIONS, fallback: number): number =>
    wholeNumber(`--${name}`, values[name] ?? `${fallback}`)
  const hanging = values.hanging === undefined ? 0 : number('hanging', 1)
  const manners: readonly Manner[] =
    hanging === 0 ? FIVE : ['well', ...Array.from({ length: hanging }, () => 'hangs' as const)]
  const rounds = number('rounds', 4)
  const never = manners.filter(manner => manner === 'drops' || manner === 'hangs').length
  const eventsMax = rounds * Math.floor(WAITING_MAX / never)
  const events = number('events', hanging === 0 ? 10_000 : Math.min(300, eventsMax))
  if (events > eventsMax) {
    throw new UsageError(`--events ${events} in ${rounds} rounds: the local queue bears ${eventsMax} at most`)
  }
  const plan = {
    manners,
    events,
    rounds,
    signInsPerSecond: number('sign-ins', 4),
    changesPerSecond: number('changes', hanging === 0 ? 2 : 1),
  }
  await judge(() =>
    withOwnInstance('workerd', without =>
      withOwnInstance('workerd', instance => measureWebhooks({ without, with: instance }, plan)),
    ),
  )
})

// Sockets of receivers that never answer would keep this running.
process.exit()
