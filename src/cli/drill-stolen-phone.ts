// `npm run drill:stolen-phone`: a stolen phone, ended from the laptop, and what the thief can still do with it.
import { command } from './command.ts'
import { drillStolenPhone } from './drill/stolen-phone.ts'
import { findLocalInstance } from './local-instance.ts'
import { parseSettings, SETTINGS_HELP, UsageError } from './settings.ts'

const USAGE = `npm run drill:stolen-phone

A phone is stolen and used. From the laptop its session is ended: its tokens must fail on the very next request, the
open page must see it, and everything else must stay. Exit code 0 only if all of it holds.
Needs a running instance: npm run dev, in another terminal.

${SETTINGS_HELP}`

await command(USAGE, {}, async () => {
  const broken = await drillStolenPhone(await findLocalInstance(parseSettings(process.env)))
  if (broken.length > 0) throw new UsageError(`\nThis did not hold:\n- ${broken.join('\n- ')}`)
  console.log('\nAll of it held: the phone is worth nothing, and Ann lost nothing else.')
})

// A failure may have left a socket open, which would keep this running.
process.exit()
