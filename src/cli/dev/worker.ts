// Workers under `wrangler dev`: the service on its state folder, and what runs beside it.
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEPLOYMENT_SECRETS, otherOf } from '../../domain/deployment-secrets.ts'
import { findStatus } from '../is-answering.ts'
import { findSecret } from '../secrets-file.ts'
import { DEV_VARS, type Settings, serviceOrigin, UsageError } from '../settings.ts'
import { QUIET, WRANGLER } from '../wrangler.ts'
import type { Child, Children } from './children.ts'
import { isBuildFailure, readWorkerLine } from './worker-log.ts'

const READY_MS = 90_000
/** A Worker that answers, and not that all is well, gets this long to change its mind. */
const UNWELL_MS = 10_000
const POLL_MS = 200
/** Long enough for the rest of an error message to arrive. */
const REASON_MS = 500
const REASON_LINES = 30

export interface WorkerToStart {
  readonly args: readonly string[]
  readonly env: object
  /** Asked until it answers with the status of a Worker that is well. */
  readonly url: string
  readonly wellStatus: number
}

/**
 * `wrangler dev`, quiet. Resolves when the Worker is well; throws UsageError with its output when it does not come to that.
 * @param tell gets what the Worker says from then on
 */
export async function startWrangler(
  children: Children,
  { args, env, url, wellStatus }: WorkerToStart,
  tell: (line: string) => void = line => console.log(line),
): Promise<Child> {
  const startup: string[] = []
  let isReady = false
  let hasFailed = false
  const onLine = (raw: string) => {
    if (!isReady && isBuildFailure(raw)) hasFailed = true
    const line = readWorkerLine(raw)
    if (line === null) return
    if (isReady) tell(line)
    else startup.push(line)
  }
  const child = children.start(WRANGLER, ['dev', ...DEV_ARGUMENTS, ...args], env, onLine)
  let deadline = Date.now() + READY_MS
  for (;;) {
    const status = await findStatus(url)
    if (status === wellStatus) break
    if (status !== null) deadline = Math.min(deadline, Date.now() + UNWELL_MS)
    if (child.hasExited() || hasFailed || Date.now() > deadline) {
      await sleep(REASON_MS)
      throw new UsageError(`The Worker did not start:\n${startup.slice(-REASON_LINES).join('\n')}`)
    }
    await sleep(POLL_MS)
  }
  isReady = true
  return child
}

// Port 0: the debugger takes any free port, so that two instances do not meet there.
const DEV_ARGUMENTS = ['--inspector-port', '0', '--show-interactive-dev-session=false']

/** The service itself, on the state folder. */
export const startWorker = (
  children: Children,
  settings: Settings,
  tell?: (line: string) => void,
): Promise<Child> =>
  startWrangler(
    children,
    {
      args: wranglerArguments(settings),
      env: environmentOf(settings),
      url: `http://127.0.0.1:${settings.port}/health`,
      wellStatus: 200,
    },
    tell,
  )

/** Of .dev.vars wrangler takes what is required and nothing else. Others can read arguments, so only local secrets go by them. */
const otherSecrets = (): Record<string, string> =>
  Object.fromEntries(
    DEPLOYMENT_SECRETS.map(otherOf).flatMap(name => {
      const value = findSecret(DEV_VARS, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )

/** What a local Worker has of its own, in the place of wrangler.toml's. */
export const localVars = (settings: Settings): Readonly<Record<string, string>> => ({
  ISSUER: serviceOrigin(settings),
  RATE_LIMITS: settings.rateLimits,
  LOOPBACK_TARGETS: settings.loopbackTargets,
  CLIENT_ID_METADATA_DOCUMENTS: settings.clientDocuments,
  MAIL_FROM: 'Latchkey <sign-in@latchkey.test>',
  MAIL_TRANSPORT: 'smtp',
  SMTP_HOST: '127.0.0.1',
  SMTP_PORT: String(settings.mailSmtpPort),
  SMTP_SECURITY: 'none',
  ...otherSecrets(),
})

function wranglerArguments(settings: Settings): string[] {
  const vars = localVars(settings)
  return [
    ...['--port', `${settings.port}`, '--persist-to', settings.stateDir],
    ...Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
  ]
}

/** Instances that run side by side do not find each other's Workers. */
export const environmentOf = (settings: Settings) => ({
  ...QUIET,
  WRANGLER_REGISTRY_PATH: resolve(settings.stateDir, 'registry'),
})
