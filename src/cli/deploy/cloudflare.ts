// The calls to Cloudflare that a deployment makes, all through wrangler.
import { spawnSync } from 'node:child_process'
import { PROJECT, UsageError } from '../settings.ts'
import { readWorkerConfig, WRANGLER } from '../wrangler.ts'

/** Throws UsageError when nobody is logged in. */
export function checkLoggedIn(): void {
  if (ask('whoami', '--json').code === 0) return
  throw new UsageError('Log in to Cloudflare first: npx wrangler login (or set CLOUDFLARE_API_TOKEN).')
}

/** Names of the secrets that the Worker has; null when there is no such Worker yet. */
export function findSecretNames(): string[] | null {
  const { code, stdout, stderr } = ask('secret', 'list', '--format', 'json')
  if (code === 0) return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)
  if (/Worker ".*" not found/.test(stderr)) return null
  throw new UsageError(`The secrets of the Worker could not be listed:\n${stderr}`)
}

/** Runs wrangler where the person at the keyboard can see it and answer. Throws UsageError when it fails. */
export function runWrangler(...args: readonly string[]): void {
  console.log(`\n$ npx wrangler ${args.join(' ')}`)
  const { status } = spawnSync(process.execPath, [WRANGLER, ...args], { cwd: PROJECT, stdio: 'inherit' })
  if (status !== 0) throw new UsageError(`wrangler ${args[0]} failed: nothing after it was done.`)
}

export function applyRemoteSchema(): void {
  for (const database of readWorkerConfig().databases) {
    runWrangler('d1', 'execute', database, '--remote', '--file', 'schema.sql', '--yes')
  }
}

function ask(...args: readonly string[]) {
  const env = { ...process.env, NO_COLOR: '1' }
  const options = { cwd: PROJECT, env, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [WRANGLER, ...args], options)
  return { code: status, stdout, stderr }
}
