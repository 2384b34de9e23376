// `npm run deploy`: the Worker, its database and its schema, in the order in which they need each other.
import { setTimeout as sleep } from 'node:timers/promises'
import { command } from './command.ts'
import { findExampleSettings, requiredSecrets } from './deploy/check-settings.ts'
import { applyRemoteSchema, checkLoggedIn, findSecretNames, runWrangler } from './deploy/cloudflare.ts'
import { isAnswering } from './is-answering.ts'
import { ensureSecrets, hasSecret } from './secrets-file.ts'
import { UsageError } from './settings.ts'
import { readWorkerConfig } from './wrangler.ts'

const HEALTH_MS = 120_000
const POLL_MS = 2_000

const USAGE = `npm run deploy [-- --secrets-file FILE] [--dry-run]

Deploys to Cloudflare: uploads the Worker, brings its database up to date, asks for its health.
The first deployment takes its secrets from FILE, which is made, with fresh secrets, if it does not exist:
keep it in a safe place outside this folder. Later ones leave the secrets as they are.

  --dry-run   bundles the Worker, and touches nothing`

const OPTIONS = { 'secrets-file': { type: 'string' }, 'dry-run': { type: 'boolean' } } as const

await command(USAGE, OPTIONS, async values => {
  const { vars } = readWorkerConfig()
  const examples = findExampleSettings(vars)
  if (values['dry-run']) {
    if (examples.length > 0) console.log(`Still to be set in wrangler.toml: ${examples.join(', ')}`)
    runWrangler('deploy', '--dry-run')
    return
  }
  if (examples.length > 0) throw new UsageError(`Set these in wrangler.toml first: ${examples.join(', ')}`)

  checkLoggedIn()
  const known = findSecretNames()
  const required = requiredSecrets(vars)
  if (known === null) await deployFirst(values['secrets-file'], required)
  else await deployAgain(required.filter(name => !known.includes(name)))
  await checkHealth(`${vars.ISSUER}/health`)
})

/** A Worker that does not exist yet takes its secrets with it; the database is made by the deployment. */
async function deployFirst(secretsFile: string | undefined, required: readonly string[]): Promise<void> {
  if (secretsFile === undefined) {
    throw new UsageError(
      'This is the first deployment, and the Worker needs its secrets with it:\n' +
        '  npm run deploy -- --secrets-file ../latchkey-secrets.env\n' +
        'The file is made if it does not exist. Keep it safe: it has your ADMIN_TOKEN.',
    )
  }
  ensureSecrets(secretsFile)
  const missing = required.filter(name => !hasSecret(secretsFile, name))
  if (missing.length > 0) throw new UsageError(`Add these to ${secretsFile} first: ${missing.join(', ')}`)
  runWrangler('deploy', '--secrets-file', secretsFile)
  await applyRemoteSchema()
}

/** An upgrade takes nothing away, so the running version is at home in it before the new one arrives. */
async function deployAgain(missing: readonly string[]): Promise<void> {
  if (missing.length > 0) {
    const commands = missing.map(name => `  npx wrangler secret put ${name}`)
    throw new UsageError(['The Worker lacks secrets. Set them, then deploy again:', ...commands].join('\n'))
  }
  await applyRemoteSchema()
  runWrangler('deploy')
}

async function checkHealth(url: string): Promise<void> {
  const deadline = Date.now() + HEALTH_MS
  while (!(await isAnswering(url))) {
    if (Date.now() > deadline)
      throw new UsageError(`${url} does not answer that all is well. See: npx wrangler tail`)
    await sleep(POLL_MS)
  }
  console.log(`\n${url} says that all is well.`)
}
