// A local instance for one measurement: the Worker on state of its own, its mail read in this process. Nothing of it is
// left afterwards, however it ends.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Children, createChildren } from '../../../src/cli/dev/children.ts'
import { tickCron } from '../../../src/cli/dev/cron.ts'
import { applySchema } from '../../../src/cli/dev/schema.ts'
import { untilAskedToStop } from '../../../src/cli/dev/signals.ts'
import { startWorker } from '../../../src/cli/dev/worker.ts'
import { createOperator, type Operator } from '../../../src/cli/drill/operator.ts'
import type { Mailbox } from '../../../src/cli/mailbox.ts'
import { ensureSecrets } from '../../../src/cli/secrets-file.ts'
import {
  DEV_VARS,
  parseSettings,
  type Settings,
  serviceOrigin,
  UsageError,
} from '../../../src/cli/settings.ts'
import { startBareWorker } from './bare-worker.ts'
import { startMailSink } from './mail-sink.ts'

export interface OwnInstance {
  readonly origin: string
  readonly stateDir: string
  readonly operator: Operator
  readonly mailbox: Mailbox
  /** What the Worker has logged, by event: how often. */
  readonly logged: ReadonlyMap<string, number>
  /** For what runs beside it: ended with it. */
  readonly children: Children
  readonly settings: Settings
}

type Tell = (line: string) => void

/**
 * How the Worker is run: as everybody runs it here, with what else finds its bindings beside it, or without anything that
 * costs time of its own.
 */
export type Host = 'wrangler dev' | 'workerd'

/** Runs the work on a fresh instance, without rate limits and with targets on this machine allowed. */
export async function withOwnInstance<Result>(
  host: Host,
  work: (instance: OwnInstance) => Promise<Result>,
): Promise<Result> {
  const stateDir = mkdtempSync(join(tmpdir(), 'latchkey-load-'))
  const children = createChildren()
  const logged = new Map<string, number>()
  const stopping = new AbortController()
  const mail = await startMailSink()
  let stopBare = async () => {}
  const run = async () => {
    const settings = parseSettings({
      PORT: `${await findFreePort()}`,
      MAIL_SMTP_PORT: `${mail.port}`,
      MAIL_WEB_PORT: `${await findFreePort()}`,
      STATE_DIR: stateDir,
      RATE_LIMITS: 'off',
      LOOPBACK_TARGETS: 'on',
    })
    ensureSecrets(DEV_VARS)
    console.log(`Starting an instance on port ${settings.port} with its state in ${stateDir} …`)
    await applySchema(children, stateDir)
    const tell = (line: string) => count(logged, line)
    const { cronPort, exited } =
      host === 'workerd' ? await runBare(settings, tell) : await runDev(settings, tell)
    void tickCron(cronPort, stopping.signal)
    const origin = serviceOrigin(settings)
    const working = work({
      origin,
      stateDir,
      operator: createOperator(origin),
      mailbox: mail.mailbox,
      logged,
      children,
      settings,
    })
    const ending = exited.then(how => {
      throw new UsageError(`The Worker ended unexpectedly (${how}).`)
    })
    return Promise.race([working, ending])
  }
  const runDev = async (settings: Settings, tell: Tell) => {
    const { exited } = await startWorker(children, settings, tell)
    return { cronPort: settings.port, exited }
  }
  const runBare = async (settings: Settings, tell: Tell) => {
    const { cronPort, stop } = await startBareWorker(settings, tell)
    stopBare = stop
    return { cronPort, exited: new Promise<string>(() => {}) }
  }
  const interrupted = untilAskedToStop(() => children.killAll()).then(() => {
    throw new UsageError('Stopped.')
  })
  try {
    return await Promise.race([run(), interrupted])
  } catch (error) {
    for (const [event, times] of logged) console.log(`   the Worker said ${times} times: ${event}`)
    throw error
  } finally {
    stopping.abort()
    await stopBare()
    await children.stopAll()
    await mail.stop()
    rmSync(stateDir, { recursive: true, force: true })
  }
}

/** Its lines are JSON with an event; anything else is counted as such. */
function count(logged: Map<string, number>, line: string): void {
  const event = /"event":"([\w.]+)"/.exec(line)?.[1] ?? line
  logged.set(event, (logged.get(event) ?? 0) + 1)
}

export const findFreePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
