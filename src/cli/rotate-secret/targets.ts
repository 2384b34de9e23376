// What can be rotated: the local instance with its .dev.vars, and the deployment with the file of its secrets.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Accepted, type DeploymentSecret, otherOf } from '../../domain/deployment-secrets.ts'
import { findAccount } from '../deploy/cloudflare.ts'
import { tellWrangler, wranglerCalls } from '../deploy/wrangler-calls.ts'
import { findSecret, readSecret, writeSecrets } from '../secrets-file.ts'
import { DEV_VARS, parseSettings, serviceOrigin, UsageError } from '../settings.ts'
import { readWorkerConfig } from '../wrangler.ts'
import type { Standing } from './plan.ts'
import type { Target } from './rotate.ts'

const POLL_MS = 2_000
const PATIENCE_MS = 60_000
const ANSWER_MS = 15_000

/** `npm run dev` reads .dev.vars when it starts. */
export const localTarget = (env: Readonly<Record<string, string | undefined>>): Target =>
  createTarget(serviceOrigin(parseSettings(env)), DEV_VARS, async () => false)

/** Both values in one request, so that no isolate has one of them without the other. */
export const deployedTarget = (secretsFile: string): Target => {
  const { vars, accountId } = readWorkerConfig()
  findAccount(wranglerCalls, process.env.CLOUDFLARE_ACCOUNT_ID || accountId)
  return createTarget(String(vars.ISSUER), secretsFile, async (name, [inUse, other]) => {
    const values = { [name]: inUse, [otherOf(name)]: other ?? null }
    const { code, stdout, stderr } = tellWrangler(JSON.stringify(values), 'secret', 'bulk')
    if (code === 0) return true
    throw new UsageError(
      `The step is in ${secretsFile}, and not deployed. Run this again.\n${stdout}${stderr}`,
    )
  })
}

function createTarget(origin: string, file: string, deploy: Target['deploy']): Target {
  const deadline = Date.now() + PATIENCE_MS
  return {
    ask: (name, token) => ask(origin, token, name),
    read(name): Accepted {
      const inUse = readSecretOf(file, name)
      const other = findSecret(file, otherOf(name))
      return other === undefined ? [inUse] : [inUse, other]
    },
    write: (name, [inUse, other]) => writeSecrets(file, { [name]: inUse, [otherOf(name)]: other ?? null }),
    deploy,
    async waitOnce() {
      await sleep(POLL_MS)
      return Date.now() < deadline
    },
    now: () => Math.floor(Date.now() / 1_000),
    say: line => console.log(line),
  }
}

function readSecretOf(file: string, name: DeploymentSecret): string {
  try {
    return readSecret(file, name)
  } catch {
    throw new UsageError(`${file} has no ${name}.`)
  }
}

async function ask(origin: string, token: string, name: DeploymentSecret): Promise<Standing> {
  const response = await fetch(`${origin}/admin/v1/secrets`, {
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch(() => {
    throw new UsageError(`Nothing answers at ${origin}. A local instance is started with npm run dev.`)
  })
  if (response.status === 401) throw new UsageError(`${origin} does not take the ADMIN_TOKEN of the file.`)
  if (!response.ok) throw new UsageError(`${origin} answers ${response.status}.`)
  const { secrets } = (await response.json()) as { secrets: readonly View[] }
  const found = secrets.find(each => each.name === name)
  if (found === undefined) throw new UsageError(`${origin} knows no ${name}: is this Latchkey?`)
  const { id, other } = found
  return {
    name,
    id,
    other: other === null ? null : { ...other, nextStepAt: Date.parse(other.next_step_at) / 1_000 },
  }
}

interface View {
  readonly name: string
  readonly id: string
  readonly other: {
    readonly id: string
    readonly role: 'next' | 'former'
    readonly rows: number
    readonly next_step_at: string
  } | null
}
