// Starts the real thing for a test, as `npm run dev` does: Worker, database, mail server, on ports of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDevice, type Device } from '../../../src/cli/device.ts'
import { createMailbox, type Mailbox } from '../../../src/cli/mailbox.ts'
import { readSecrets } from '../../../src/cli/secrets-file.ts'
import { DEV_VARS, PROJECT } from '../../../src/cli/settings.ts'
import { exitOf } from './commands.ts'
import { findPorts, type Ports } from './ports.ts'

const MAIL_PATIENCE_MS = 45_000
const READY = 'Latchkey is running.'

/** One that is running: how people, apps and operators meet it. */
export interface Instance {
  readonly origin: string
  readonly ports: Ports
  /** The newest mail to an address that was not read before; waits for it. */
  readonly mailbox: Mailbox
  /** An app on a device that signs in with a client of this instance. */
  device(clientId: string, name: string): Device
  /** A request with the operator's token. */
  admin(path: string, init?: RequestInit): Promise<Response>
}

/** One that was started here. */
export interface Service extends Instance {
  /** What a command needs to work on this instance. */
  readonly env: Readonly<Record<string, string>>
  readonly stateDir: string
  /** All that it has printed. */
  output(): string
  /** Sends a signal, SIGTERM without one, and answers the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface ServiceOptions {
  /** Start again on what another instance left. */
  readonly on?: Pick<Service, 'stateDir' | 'ports'>
  /** Through npm, in a process group of its own that gets the signals, as in a terminal. */
  readonly throughNpm?: boolean
  readonly env?: Readonly<Record<string, string>>
}

/** Throws, with all that was printed, when it does not start. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const ports = options.on?.ports ?? (await findPorts())
  const stateDir = options.on?.stateDir ?? mkdtempSync(join(tmpdir(), 'latchkey-'))
  const throughNpm = options.throughNpm ?? false
  const env = {
    PORT: String(ports.service),
    MAIL_SMTP_PORT: String(ports.smtp),
    MAIL_WEB_PORT: String(ports.mailbox),
    NOTES_PORT: String(ports.notes),
    STATE_DIR: stateDir,
    ...options.env,
  }
  const [file, args] = throughNpm ? ['npm', ['run', 'dev']] : [process.execPath, ['src/cli/dev.ts']]
  const child = spawn(file, args, {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    detached: throughNpm,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = exitOf(child)
  const ready = new Promise<void>(resolve => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
        if (output.includes(READY)) resolve()
      })
    }
  })
  const code = await Promise.race([ready, exited])
  if (code !== undefined) throw new Error(`the service did not start (exit code ${code}):\n${output}`)

  return {
    ...meetInstance(ports),
    env,
    stateDir,
    output: () => output,
    stop: (signal = 'SIGTERM') => {
      if (child.pid !== undefined) process.kill(throughNpm ? -child.pid : child.pid, signal)
      return exited
    },
  }
}

/** The instance that listens on these ports. */
export function meetInstance(ports: Ports): Instance {
  const origin = `http://localhost:${ports.service}`
  const mailbox = createMailbox(`http://127.0.0.1:${ports.mailbox}`, MAIL_PATIENCE_MS)
  const adminToken = readSecrets(DEV_VARS).ADMIN_TOKEN
  return {
    origin,
    ports,
    mailbox,
    device: (clientId, name) => createDevice(origin, mailbox, clientId, name),
    admin: (path, init = {}) =>
      fetch(`${origin}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${adminToken}`, ...(init.headers as Record<string, string>) },
      }),
  }
}

/** Removes what an instance kept, when it has ended. */
export const removeState = (service: Pick<Service, 'stateDir'>): void =>
  rmSync(service.stateDir, { recursive: true, force: true })
