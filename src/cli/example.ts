// `npm run example`: a resource Worker beside a running service, which asks it about tokens over a service binding.
import { resolve } from 'node:path'
import { command } from './command.ts'
import { ensureClients, NOTES_CLIENT } from './dev/demo-clients.ts'
import { runUntilStopped } from './dev/until-stopped.ts'
import { environmentOf, startWrangler } from './dev/worker.ts'
import { isAnswering } from './is-answering.ts'
import { readSecrets } from './secrets-file.ts'
import {
  DEV_VARS,
  PROJECT,
  parsePort,
  parseSettings,
  SETTINGS_HELP,
  serviceOrigin,
  UsageError,
} from './settings.ts'

const CONFIG = resolve(PROJECT, 'src/example/notes/wrangler.toml')
const UNAUTHORIZED = 401

const USAGE = `npm run example

Starts the example resource server, src/example/notes, beside a running instance: npm run dev, in another terminal.
It takes access tokens for ${NOTES_CLIENT.audience}. Ctrl-C stops it.

${SETTINGS_HELP}
  NOTES_PORT        port of the example (8788)`

await command(USAGE, {}, async () => {
  const settings = parseSettings(process.env)
  const notesPort = parsePort('NOTES_PORT', process.env.NOTES_PORT || '8788')
  const origin = serviceOrigin(settings)
  if (!(await isAnswering(`${origin}/health`))) {
    throw new UsageError(`Nothing answers at ${origin}: start Latchkey first, with npm run dev.`)
  }
  await ensureClients(settings.port, readSecrets(DEV_VARS).ADMIN_TOKEN, [NOTES_CLIENT])
  await runUntilStopped('example', async children => {
    const worker = await startWrangler(children, {
      args: ['-c', CONFIG, '--port', `${notesPort}`, '--persist-to', resolve(settings.stateDir, 'notes')],
      env: environmentOf(settings),
      url: `http://127.0.0.1:${notesPort}/notes`,
      wellStatus: UNAUTHORIZED,
    })
    console.log(`[example] http://localhost:${notesPort}/notes wants a token for ${NOTES_CLIENT.audience}`)
    throw new UsageError(`The example ended unexpectedly (${await worker.exited}).`)
  })
})
