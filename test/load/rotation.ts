// `npm run load:rotation`: whether anybody notices that the signing keys change under load.
import { command } from '../../src/cli/command.ts'
import { KEY_PUBLISHED_SECONDS } from '../../src/domain/limits.ts'
import { BETWEEN_REMOVALS_SECONDS, measureRotation } from './rotation/measure.ts'
import { judge } from './support/judge.ts'
import { wholeNumber } from './support/options.ts'
import { withOwnInstance } from './support/own-instance.ts'

const USAGE = `npm run load:rotation [-- --seconds 420] [--every 5] [--emergencies 2]

Starts an instance of its own, has people use it all the time (refreshes, calls, introspection, sign-ins by code and by
link) and verifiers check their tokens with keys that they keep for as long as the key set says, and asks for a rotation
of the signing keys every few seconds. No good token may be refused anywhere, and the key set must stay small. Then
the active key is removed in an emergency, several times: what it has signed must fail within 60 s, every refresh must
work, and nobody may be signed out. Exit code 0 only if all of it holds.

A key is published for ${KEY_PUBLISHED_SECONDS} s before it signs, whatever is asked for, so keys change no sooner than that.

  --seconds N      how long rotations are asked for (420)
  --every N        seconds between two requests for a rotation (5)
  --emergencies N  removals of the active key, ${BETWEEN_REMOVALS_SECONDS} s apart (2)`

const OPTIONS = {
  seconds: { type: 'string' },
  every: { type: 'string' },
  emergencies: { type: 'string' },
} as const

await command(USAGE, OPTIONS, async values => {
  const plan = {
    seconds: wholeNumber('--seconds', values.seconds ?? '420'),
    everySeconds: wholeNumber('--every', values.every ?? '5'),
    emergencies: wholeNumber('--emergencies', values.emergencies ?? '2', 0),
  }
  await judge(() => withOwnInstance('workerd', instance => measureRotation(instance, plan)))
})

process.exit()
