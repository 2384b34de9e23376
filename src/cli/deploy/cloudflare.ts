// The calls to Cloudflare that a deployment makes, all through wrangler.
import { spawnSync } from 'node:child_process'
import { bringUpToDate } from '../schema/bring-up-to-date.ts'
import { readSchema } from '../schema/read-schema.ts'
import { createWranglerAccess, type Wrangler } from '../schema/wrangler-access.ts'
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

/** A database that exists is brought up to date, a new one gets the whole schema. Throws UsageError. */
export async function applyRemoteSchema(): Promise<void> {
  const wrangler: Wrangler = {
    ask: async args => {
      const { code, stdout, stderr } = ask(...args)
      if (code === 0) return stdout
      throw new UsageError(`The schema's version could not be read:\n${stdout}${stderr}`)
    },
    run: async args => runWrangler(...args),
  }
  const access = createWranglerAccess(wrangler, ['--remote'])
  await bringUpToDate(access, readWorkerConfig().databases, readSchema(), line => console.log(`\n${line}`))
}

function ask(...args: readonly string[]) {
  const env = { ...process.env, NO_COLOR: '1' }
  const options = { cwd: PROJECT, env, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [WRANGLER, ...args], options)
  return { code: status, stdout, stderr }
}
