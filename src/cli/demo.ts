// `npm run demo`: tells, with real requests to a running instance, what happens to sessions and why.
import { command } from './command.ts'
import { tellStory } from './demo/story.ts'
import { findLocalInstance, newAddress } from './local-instance.ts'
import { parseSettings, SETTINGS_HELP } from './settings.ts'

const USAGE = `npm run demo

Two phones and a tablet sign in with one address; see which sessions end, when, and what each device is told.
Needs a running instance: npm run dev, in another terminal.

${SETTINGS_HELP}`

await command(USAGE, {}, async () => {
  const { origin, mailbox } = await findLocalInstance(parseSettings(process.env))
  await tellStory(origin, mailbox, newAddress('ann'))
})
