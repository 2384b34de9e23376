// `npm run rotate-secret`: another secret of the deployment, a step at a time, and nobody is signed out by it.
import { DEPLOYMENT_SECRETS } from '../domain/deployment-secrets.ts'
import { command, WrongUse } from './command.ts'
import { rotateSecret } from './rotate-secret/rotate.ts'
import { deployedTarget, localTarget } from './rotate-secret/targets.ts'

const USAGE = `npm run rotate-secret -- NAME [--secrets-file FILE] [--early]

Replaces NAME (${DEPLOYMENT_SECRETS.join(', ')}) by a new one in three steps, one each time that it is run:
  1  the next one is made, and accepted beside the one in use
  2  it is used, and the former accepted beside it; ten minutes after step 1 at the earliest
  3  the former goes; a week after step 2 at the earliest (ADMIN_TOKEN: ten minutes)
It says which step it has done and from when on the next can follow, and never shows a secret.

  --secrets-file FILE  the deployment of wrangler.toml, whose secrets FILE has (see npm run deploy -- --help);
                       without it the local instance, with .dev.vars: start it again after each step
  --early              does the step before its time, for a secret that has leaked: it says at what cost

Exit codes: 0 a step was done, 3 the next one is not due yet, 2 wrong use, 1 anything else.`

const OPTIONS = { 'secrets-file': { type: 'string' }, early: { type: 'boolean' } } as const

await command(
  USAGE,
  OPTIONS,
  async (values, positionals) => {
    const name = DEPLOYMENT_SECRETS.find(each => each === positionals[0])
    if (name === undefined || positionals.length > 1) {
      throw new WrongUse(`Which one? NAME is one of ${DEPLOYMENT_SECRETS.join(', ')}.`)
    }
    const file = values['secrets-file']
    const target = file === undefined ? localTarget(process.env) : deployedTarget(file)
    await rotateSecret(target, name, values.early ?? false)
  },
  { allowPositionals: true },
)
