// `npm run drill:key-leak`: hands out the signing key and the database of the local instance, to be attacked with.
import { parseArgs } from 'node:util'
import { command } from './command.ts'
import { publish } from './drill/publish.ts'
import { parseSettings } from './settings.ts'

const WRONG_USE = 2

const USAGE = `npm run drill:key-leak -- --publish-only DIR

Writes private-key.jwk.json (the active signing key, in the clear) and database.json (every row of every table)
of the local instance to DIR. The instance may be running. Whoever has both files can sign tokens with the
service's own key: try whether they are accepted, and look at /admin/v1/alarms.

Settings, from the environment:
  STATE_DIR       where the local instance keeps its databases (.wrangler/state)`

await command(USAGE, async args => {
  const directory = readDirectory(args)
  if (directory === undefined) {
    console.error(USAGE)
    return WRONG_USE
  }
  const written = await publish(parseSettings(process.env).stateDir, directory)
  console.log(written.join('\n'))
  return 0
})

function readDirectory(args: readonly string[]): string | undefined {
  try {
    return parseArgs({ args: [...args], options: { 'publish-only': { type: 'string' } } }).values[
      'publish-only'
    ]
  } catch {
    return undefined
  }
}
