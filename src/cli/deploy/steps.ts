// The Worker, its databases and their schema, in the order in which they need each other.
import { existsSync } from 'node:fs'
import { ensureSecrets, hasSecret, readSecret } from '../secrets-file.ts'
import { UsageError } from '../settings.ts'
import type { WorkerConfig } from '../wrangler.ts'
import { findFaults, requiredSecrets } from './check-settings.ts'
import { applyRemoteSchema, checkMap, deployWorker, findSecretNames, NoDatabase } from './cloudflare.ts'
import type { WranglerCalls } from './wrangler-calls.ts'

/** What the Worker is tied to now. Throws UsageError, which says what to do. */
export async function deploy(
  calls: WranglerCalls,
  config: WorkerConfig,
  secretsFile: string | undefined,
): Promise<readonly string[]> {
  checkFaults(config, null)
  const known = findSecretNames(calls)
  const required = requiredSecrets(config.vars)
  if (known === null) return deployFirst(calls, config, secretsFile, required)
  if (secretsFile !== undefined && !existsSync(secretsFile))
    throw new UsageError(`There is no ${secretsFile}. Nothing was deployed.`)
  return deployAgain(
    calls,
    config,
    required.filter(name => !known.includes(name)),
  )
}

/** A Worker that does not exist yet takes its secrets with it; the database is made by the deployment. */
async function deployFirst(
  calls: WranglerCalls,
  config: WorkerConfig,
  secretsFile: string | undefined,
  required: readonly string[],
): Promise<readonly string[]> {
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
  checkFaults(config, Object.fromEntries(required.map(name => [name, readSecret(secretsFile, name)])))
  // Under another name before, it may have databases already.
  await checkMap(calls, config.databases, String(config.vars.SHARDS))
  const targets = deployWorker(calls, '--secrets-file', secretsFile)
  await applyRemoteSchema(calls, config.databases)
  return targets
}

/** An upgrade takes nothing away, so the running version is at home in it before the new one arrives. */
async function deployAgain(
  calls: WranglerCalls,
  config: WorkerConfig,
  missing: readonly string[],
): Promise<readonly string[]> {
  if (missing.length > 0) {
    const commands = missing.map(name => `  npx wrangler secret put ${name}`)
    throw new UsageError(
      [
        'The Worker lacks secrets. Set them, then deploy again:',
        ...commands,
        'If that Worker is not your Latchkey, choose another name for this one in wrangler.toml.',
      ].join('\n'),
    )
  }
  const isUpToDate = await applyRemoteSchema(calls, config.databases).then(
    () => true,
    error => {
      // Of a Worker that somebody else made, as the Deploy button does, the database may come with the deployment.
      if (error instanceof NoDatabase) return false
      throw error
    },
  )
  await checkMap(calls, config.databases, String(config.vars.SHARDS))
  const targets = deployWorker(calls)
  if (!isUpToDate) await applyRemoteSchema(calls, config.databases)
  return targets
}

/** Before anything is touched: with these the service would answer 503 to everything. */
function checkFaults(config: WorkerConfig, secrets: Readonly<Record<string, string>> | null): void {
  const faults = findFaults(config, secrets)
  if (faults.length === 0) return
  throw new UsageError(
    `Missing, weak or contradictory: ${faults.join(', ')}. Nothing was deployed.\n` +
      'What each may be is in docs/configuration.md; a secret of its own: openssl rand -base64 32',
  )
}
