// `npm run drill:key-leak`: hands out the signing key and the database of the local instance, to be attacked with.
import { command, WrongUse } from './command.ts'
import { publish } from './drill/publish.ts'
import { parseSettings } from './settings.ts'

const USAGE = `npm run drill:key-leak -- --publish-only DIR

Writes private-key.jwk.json (the active signing key, in the clear) and database.json (every row of every table)
of the local instance to DIR. The instance may be running. Whoever has both files can sign tokens with the
service's own key: try whether they are accepted, and look at /admin/v1/alarms.

Settings, from the environment:
  STATE_DIR       where the local instance keeps its databases (.wrangler/state)`

await command(USAGE, { 'publish-only': { type: 'string' } }, async values => {
  const directory = values['publish-only']
  if (directory === undefined) throw new WrongUse('--publish-only DIR is missing.')
  const written = await publish(parseSettings(process.env).stateDir, directory)
  console.log(written.join('\n'))
})
