// `npm run dev`: the whole service on this machine, and nothing of it left behind when it ends.
import { command } from './command.ts'
import { tickCron } from './dev/cron.ts'
import { DEMO_CLIENTS, ensureClients } from './dev/demo-clients.ts'
import { startMailServer } from './dev/mail-server.ts'
import { checkPortsFree } from './dev/ports.ts'
import { applySchema } from './dev/schema.ts'
import { runUntilStopped } from './dev/until-stopped.ts'
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
  const settings = parseSettings(process.env)
  const { port, stateDir } = settings
  await checkPortsFree(settings)
  const { ADMIN_TOKEN } = ensureSecrets(DEV_VARS)
  await runUntilStopped('dev', async (children, ending) => {
    await Promise.all([applySchema(children, stateDir), startMailServer(children, settings, ending)])
    const worker = await startWorker(children, settings)
    await ensureClients(port, ADMIN_TOKEN, DEMO_CLIENTS)
    void tickCron(port, ending)
    console.log(welcome(settings))
    throw new UsageError(`The Worker ended unexpectedly (${await worker.exited}).`)
  })
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
