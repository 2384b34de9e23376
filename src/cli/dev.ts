// `npm run dev`: the whole service on this machine, and nothing of it left behind when it ends.
import { command } from './command.ts'
import { createChildren } from './dev/children.ts'
import { tickCron } from './dev/cron.ts'
import { ensureDemoClients } from './dev/demo-clients.ts'
import { startMailServer } from './dev/mail-server.ts'
import { checkPortsFree } from './dev/ports.ts'
import { applySchema } from './dev/schema.ts'
import { untilAskedToStop } from './dev/signals.ts'
import { startWorker } from './dev/worker.ts'
import { ensureSecrets } from './secrets-file.ts'
import {
  DEV_VARS,
  mailboxOrigin,
  parseSettings,
  SETTINGS_HELP,
  type Settings,
  serviceOrigin,
  UsageError,
} from './settings.ts'

const USAGE = `npm run dev

Starts Latchkey on this machine: the Worker with its database, and a mail server with a mailbox page.
Ctrl-C stops everything; what STATE_DIR keeps is there again after the next start.

${SETTINGS_HELP}`

await command(USAGE, {}, async () => {
  // Whoever reads the output may go away: the service stays.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const settings = parseSettings(process.env)
  await checkPortsFree(settings)
  const { ADMIN_TOKEN } = ensureSecrets(DEV_VARS)

  const children = createChildren()
  const stopping = new AbortController()
  const signal = untilAskedToStop(() => {
    children.killAll()
    process.exit(1)
  })
  try {
    const running = start(settings, ADMIN_TOKEN, stopping.signal)
    await Promise.race([running, signal])
  } finally {
    console.log('[dev] stopping …')
    stopping.abort()
    await children.stopAll()
    console.log('[dev] stopped')
  }

  async function start({ port, stateDir }: Settings, adminToken: string, ending: AbortSignal) {
    console.log('[dev] starting …')
    await Promise.all([applySchema(children, stateDir), startMailServer(children, settings, ending)])
    const worker = await startWorker(children, settings)
    await ensureDemoClients(port, adminToken)
    void tickCron(port, ending)
    console.log(welcome(settings))
    throw new UsageError(`The Worker ended unexpectedly (${await worker.exited}).`)
  }
})

function welcome(settings: Settings): string {
  return `
Latchkey is running.

  service   ${serviceOrigin(settings)}
  mailbox   ${mailboxOrigin(settings)}   (SMTP on 127.0.0.1:${settings.mailSmtpPort})
  state     ${settings.stateDir}
  operator  ADMIN_TOKEN in .dev.vars
  clients   demo, demo-tablet (first party), demo-app (third party)

Next: open ${serviceOrigin(settings)}/sign-in, give any address, and read your mail in the mailbox. Ctrl-C stops.
`
}
