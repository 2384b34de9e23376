// `npm run drill:key-leak`: hands out the signing key and the database of the local instance, and attacks with both.
import { command } from './command.ts'
import { drillKeyLeak } from './drill/key-leak.ts'
import { publish } from './drill/publish.ts'
import { findLocalInstance } from './local-instance.ts'
import { parseSettings, SETTINGS_HELP, UsageError } from './settings.ts'

const USAGE = `npm run drill:key-leak [-- --keep]
npm run drill:key-leak -- --publish-only DIR

Publishes private-key.jwk.json (the active signing key, in the clear) and database.json (every row of every table) of
the local instance to a temporary folder, forges every kind of token with them and tries each wherever it would be
taken. None must be accepted, the alarm must count them, and when the key is removed in an emergency nobody must be
signed out. Exit code 0 only if all of it holds. Needs a running instance: npm run dev, in another terminal.

  --keep              leaves the folder there
  --publish-only DIR  writes the two files to DIR and does nothing else: to be attacked with by yourself

${SETTINGS_HELP}`

const OPTIONS = { 'publish-only': { type: 'string' }, keep: { type: 'boolean' } } as const

await command(USAGE, OPTIONS, async values => {
  const settings = parseSettings(process.env)
  const directory = values['publish-only']
  if (directory !== undefined) {
    console.log((await publish(settings.stateDir, directory)).join('\n'))
    return
  }
  const broken = await drillKeyLeak(
    await findLocalInstance(settings),
    settings.stateDir,
    values.keep ?? false,
  )
  if (broken.length > 0) throw new UsageError(`\nThis did not hold:\n- ${broken.join('\n- ')}`)
  console.log(
    '\nAll of it held: key and database are worth nothing to whoever took them, and nobody noticed.',
  )
})
