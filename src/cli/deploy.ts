// `npm run deploy`: the Worker, its database and its schema, and then whether all of it works.
import { findInstance } from './admin/instance.ts'
import { command } from './command.ts'
import { advise, findExampleSettings } from './deploy/check-settings.ts'
import { findAccount } from './deploy/cloudflare.ts'
import { findMissingTargets, findOtherAddress } from './deploy/missing-targets.ts'
import { deploy } from './deploy/steps.ts'
import { wranglerCalls } from './deploy/wrangler-calls.ts'
import { UsageError } from './settings.ts'
import { runSmoke } from './smoke/run-smoke.ts'
import { readWorkerConfig } from './wrangler.ts'

/** A new address takes its time to be known everywhere. */
const PATIENCE_MS = 180_000

const USAGE = `npm run deploy [-- --secrets-file FILE] [--dry-run]

Deploys to Cloudflare: uploads the Worker, brings its database up to date, and looks whether all of it works, as
npm run smoke does. The first deployment makes the database and the queue, and takes its secrets from FILE, which is made,
with fresh secrets, if it does not exist: keep it in a safe place outside this folder. Later ones leave the secrets as they
are. With FILE, or with ADMIN_TOKEN in the environment, the operators' API is looked at as well. It asks nothing where
nobody can answer, so it can be the deploy command of a build service.

  --dry-run   bundles the Worker, and touches nothing`

const OPTIONS = { 'secrets-file': { type: 'string' }, 'dry-run': { type: 'boolean' } } as const

await command(USAGE, OPTIONS, async values => {
  const config = readWorkerConfig()
  const examples = findExampleSettings(config.vars)
  if (values['dry-run']) {
    if (examples.length > 0) console.log(`Still to be set in wrangler.toml: ${examples.join(', ')}`)
    wranglerCalls.run('deploy', '--dry-run')
    return
  }
  if (examples.length > 0) throw new UsageError(`Set these in wrangler.toml first:\n${advise(examples)}`)

  const chosen = process.env.CLOUDFLARE_ACCOUNT_ID || config.accountId
  const account = findAccount(wranglerCalls, chosen)
  console.log(`Deploying to ${account.name} (${account.id})`)
  const secretsFile = values['secrets-file']
  const targets = await deploy(wranglerCalls, config, secretsFile)

  const issuer = String(config.vars.ISSUER)
  const missing = findMissingTargets(targets, config)
  if (missing.length > 0) throw new UsageError(`Deployed, but not tied to ${missing.join('; nor to ')}.`)
  const other = findOtherAddress(targets, issuer)
  if (other !== null) console.log(`\n${other}\nIf nobody else sends its requests on, set ISSUER, or a route.`)
  const token =
    secretsFile === undefined
      ? process.env.ADMIN_TOKEN || null
      : findInstance(issuer, secretsFile, process.env).token
  const broken = await runSmoke({ origin: issuer, token }, { ms: PATIENCE_MS })
  if (broken.length > 0) {
    throw new UsageError(
      `\nDeployed, but this does not hold:\n- ${broken.join('\n- ')}\n` +
        `Why: npx wrangler tail. Again: npm run smoke -- --url ${issuer}. Back: npx wrangler rollback`,
    )
  }
  console.log(`\nAll is well. Whether mail is too, you see by signing in: ${issuer}/sign-in`)
})
