// `npm run demo`: tells, with real requests to a running instance, what happens to sessions and why.
import { randomBytes } from 'node:crypto'
import { command } from './command.ts'
import { tellStory } from './demo/story.ts'
import { isAnswering } from './is-answering.ts'
import { createMailbox } from './mailbox.ts'
import { mailboxOrigin, parseSettings, SETTINGS_HELP, serviceOrigin, UsageError } from './settings.ts'

const PATIENCE_MS = 30_000

const USAGE = `npm run demo

Two phones and a tablet sign in with one address; see which sessions end, when, and what each device is told.
Needs a running instance: npm run dev, in another terminal.

${SETTINGS_HELP}`

await command(USAGE, {}, async () => {
  const settings = parseSettings(process.env)
  const origin = serviceOrigin(settings)
  const mailbox = mailboxOrigin(settings)
  for (const url of [`${origin}/health`, `${mailbox}/healthz`]) {
    if (!(await isAnswering(url))) {
      throw new UsageError(`Nothing answers at ${url}: start Latchkey first, with npm run dev.`)
    }
  }
  const email = `ann-${randomBytes(3).toString('hex')}@demo.test`
  await tellStory(origin, createMailbox(mailbox, PATIENCE_MS), email)
})
