// The local mail server: SMTP for the service, a mailbox page and JSON for people. It comes back when it dies.
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAnswering } from '../is-answering.ts'
import { mailboxOrigin, PROJECT, type Settings, UsageError } from '../settings.ts'
import type { Child, Children } from './children.ts'

const MAILDEV = resolve(PROJECT, 'node_modules/maildev/bin/maildev')
const RESTART_MS = 1_000
const POLL_MS = 50

/** Resolves when the mailbox answers. Afterwards it is kept alive until `stopping` says so. */
export async function startMailServer(
  children: Children,
  settings: Settings,
  stopping: AbortSignal,
): Promise<void> {
  const mailDirectory = resolve(settings.stateDir, 'mail')
  mkdirSync(mailDirectory, { recursive: true })
  let output: string[] = []
  const start = () => {
    output = []
    const args = [
      ...['--smtp', `${settings.mailSmtpPort}`, '--ip', '127.0.0.1'],
      ...['--web', `${settings.mailWebPort}`, '--web-ip', '127.0.0.1'],
      ...['--mail-directory', mailDirectory, '--silent'],
    ]
    return children.start(MAILDEV, args, {}, line => output.push(line))
  }
  const first = start()
  if (!(await answers(first, settings))) {
    throw new UsageError(`The mail server did not start:\n${output.join('\n')}`)
  }
  void keepAlive(first, start, settings, stopping)
}

async function keepAlive(
  first: Child,
  start: () => Child,
  settings: Settings,
  stopping: AbortSignal,
): Promise<void> {
  let child = first
  let wasUp = true
  for (;;) {
    const ending = await child.exited
    if (stopping.aborted) return
    if (wasUp) console.log(`[dev] the mail server ended (${ending}); it is being started again`)
    await sleep(RESTART_MS)
    if (stopping.aborted) return
    child = start()
    wasUp = await answers(child, settings)
    if (wasUp) console.log('[dev] the mail server is back')
  }
}

async function answers(child: Child, settings: Settings): Promise<boolean> {
  while (!child.hasExited()) {
    if (await isAnswering(`${mailboxOrigin(settings)}/healthz`)) return true
    await sleep(POLL_MS)
  }
  return false
}
