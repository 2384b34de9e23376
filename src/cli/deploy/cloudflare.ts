// The questions and orders to Cloudflare that a deployment is made of, all through wrangler.
import { bringUpToDate } from '../schema/bring-up-to-date.ts'
import { readSchema } from '../schema/read-schema.ts'
import { createWranglerAccess, type Wrangler } from '../schema/wrangler-access.ts'
import { UsageError } from '../settings.ts'
import { findMisplaced } from '../shards/misplaced.ts'
import { createShardAccess } from '../shards/wrangler-shards.ts'
import type { Asked, WranglerCalls } from './wrangler-calls.ts'

export interface Account {
  readonly id: string
  readonly name: string
}

/** The account that is deployed to. Throws UsageError when nobody is logged in, or to more than one and none is chosen. */
export function findAccount({ ask }: WranglerCalls, chosen: string | null): Account {
  const { code, stdout } = ask('whoami', '--json')
  const { accounts = [] } = code === 0 ? (JSON.parse(stdout) as { accounts?: Account[] }) : {}
  if (code !== 0) {
    throw new UsageError('Log in to Cloudflare first: npx wrangler login (or set CLOUDFLARE_API_TOKEN).')
  }
  const [only, ...others] = accounts
  const account = chosen === null ? only : accounts.find(({ id }) => id === chosen)
  // A token need not be allowed to list what it is good for.
  if (chosen !== null && account === undefined) return { id: chosen, name: 'chosen account' }
  if (account === undefined) {
    throw new UsageError(
      'Which account? Set CLOUDFLARE_ACCOUNT_ID: this login cannot list the accounts it may use.',
    )
  }
  if (chosen === null && others.length > 0) {
    const lines = accounts.map(({ id, name }) => `  ${id}  ${name}`)
    throw new UsageError(
      [
        'Which account? Set CLOUDFLARE_ACCOUNT_ID, or account_id in wrangler.toml, to one of these:',
        ...lines,
      ].join('\n'),
    )
  }
  return account
}

/** Names of the secrets that the Worker has; null when there is no such Worker yet. Throws UsageError. */
export function findSecretNames({ ask }: WranglerCalls): string[] | null {
  const asked = ask('secret', 'list', '--format', 'json')
  if (asked.code === 0) return (JSON.parse(asked.stdout) as { name: string }[]).map(({ name }) => name)
  if (/Worker ".*" not found/.test(asked.stderr)) return null
  throw new UsageError(`The secrets of the Worker could not be listed:\n${told(asked)}`)
}

/** What the deployment has tied the Worker to: addresses, and `schedule: …`, `Producer for …`, `Consumer for …`. */
export function deployWorker({ run }: WranglerCalls, ...args: readonly string[]): readonly string[] {
  const deployments = run('deploy', ...args)
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as { type: string; targets?: string[] })
    .filter(({ type }) => type === 'deploy')
  return deployments.at(-1)?.targets ?? []
}

/** A database of wrangler.toml that is not there yet. */
export class NoDatabase extends UsageError {}

/** A database that exists is brought up to date, a new one gets the whole schema. Throws UsageError, NoDatabase first. */
export async function applyRemoteSchema(calls: WranglerCalls, databases: readonly string[]): Promise<void> {
  const wrangler: Wrangler = {
    ask: asking(calls, "The schema's version"),
    run: async args => void calls.run(...args),
  }
  const access = createWranglerAccess(wrangler, ['--remote'])
  await bringUpToDate(access, databases, readSchema(), line => console.log(`\n${line}`))
}

/** Throws UsageError, which says what could not be read; NoDatabase of one that is not there. */
const asking = (calls: WranglerCalls, what: string) => async (args: readonly string[]) => {
  const asked = calls.ask(...args)
  if (asked.code === 0) return asked.stdout
  if (/Couldn't find a D1 DB/.test(asked.stdout + asked.stderr)) throw new NoDatabase(told(asked))
  throw new UsageError(`${what} could not be read:\n${told(asked)}`)
}

/** Whom a map gave to a database without their rows, it would sign out. Throws UsageError. */
export async function checkMap(
  calls: WranglerCalls,
  databases: readonly string[],
  map: string,
): Promise<void> {
  // One database has everybody.
  if (databases.length < 2) return
  const wrangler = { ask: asking(calls, 'Where users are'), run: async () => {} }
  const shards = createShardAccess(wrangler, ['--remote'])
  // In a database that is made by the deployment is nobody.
  const access = {
    query: (database: string, sql: string) =>
      shards.query(database, sql).catch(error => {
        if (error instanceof NoDatabase) return []
        throw error
      }),
  }
  const misplaced = await findMisplaced(access, databases, map)
  if (misplaced.length > 0) {
    throw new UsageError(
      `SHARDS is ${map}, but:\n- ${misplaced.join('\n- ')}\n` +
        'Copy them first: npm run shards -- --help. The Worker was not deployed.',
    )
  }
}

const told = ({ stdout, stderr }: Asked): string => `${stdout}${stderr}`.trim()
