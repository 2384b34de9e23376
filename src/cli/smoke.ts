// `npm run smoke`: whether an instance, deployed or local, does what it must; looks from outside and changes nothing.
import { findInstance, parseOrigin } from './admin/instance.ts'
import { command, WrongUse } from './command.ts'
import { SETTINGS_HELP, UsageError } from './settings.ts'
import { runSmoke } from './smoke/run-smoke.ts'

const USAGE = `npm run smoke [-- --url https://auth.example.org] [--token-file FILE] [--wait SECONDS]

Asks an instance what somebody outside would: health, discovery, keys, refusals, the sign-in page and its headers; with
the operator's token, from the environment (ADMIN_TOKEN) or FILE, its API as well. Nothing is changed, no alarm rings, and
the token is never shown. A line for each claim; exit code 0 only if all of them hold. Without --url: the local instance.

  --wait SECONDS  asks again, for so long at most, while something does not hold

${SETTINGS_HELP}`

const OPTIONS = {
  url: { type: 'string' },
  'token-file': { type: 'string' },
  wait: { type: 'string' },
} as const

await command(USAGE, OPTIONS, async ({ url, 'token-file': tokenFile, wait = '0' }) => {
  if (!/^\d{1,4}$/.test(wait)) throw new WrongUse('--wait takes a number of seconds, up to 9999.')
  const hasToken = url === undefined || tokenFile !== undefined || Boolean(process.env.ADMIN_TOKEN)
  const instance = hasToken
    ? findInstance(url, tokenFile, process.env)
    : { origin: parseOrigin(url), token: null }
  const broken = await runSmoke(instance, { ms: Number(wait) * 1_000 })
  if (broken.length > 0) throw new UsageError(`\nThis does not hold:\n- ${broken.join('\n- ')}`)
})
