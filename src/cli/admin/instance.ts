// Which instance is spoken to, and with what token. The token is never an argument: those can be read by others.
import { readFileSync } from 'node:fs'
import { WrongUse } from '../command.ts'
import { hasSecret, readSecret } from '../secrets-file.ts'
import { DEV_VARS, parseSettings, serviceOrigin, UsageError } from '../settings.ts'

export interface Instance {
  readonly origin: string
  readonly token: string
}

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/

/** The token of a deployed instance is never sent to the local one, nor the other way round, unless a file says so. */
export function findInstance(
  url: string | undefined,
  tokenFile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Instance {
  const origin = url === undefined ? serviceOrigin(parseSettings(env)) : parseOrigin(url)
  if (tokenFile !== undefined) return { origin, token: checkToken(readTokenFile(tokenFile)) }
  if (url === undefined)
    return { origin, token: readFrom(DEV_VARS, 'start Latchkey first, with npm run dev') }
  if (!env.ADMIN_TOKEN) throw new WrongUse('Set ADMIN_TOKEN in the environment, or give --token-file FILE.')
  return { origin, token: checkToken(env.ADMIN_TOKEN) }
}

/** Throws WrongUse. */
export function parseOrigin(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null
  const isPlain = parsed !== null && `${parsed.origin}/` === parsed.href
  if (!isPlain) throw new WrongUse('--url takes an origin, such as https://auth.example.org')
  if (parsed.protocol !== 'https:' && !LOOPBACK.test(parsed.hostname)) {
    throw new WrongUse('--url must be https: the token would travel in the clear.')
  }
  return parsed.origin
}

function readTokenFile(path: string): string {
  try {
    return hasSecret(path, 'ADMIN_TOKEN')
      ? readSecret(path, 'ADMIN_TOKEN')
      : readFileSync(path, 'utf8').trim()
  } catch {
    throw new UsageError(`${path} cannot be read.`)
  }
}

function readFrom(path: string, advice: string): string {
  try {
    return readSecret(path, 'ADMIN_TOKEN')
  } catch {
    throw new UsageError(`${path} has no ADMIN_TOKEN: ${advice}.`)
  }
}

/** A header can carry nothing else, and the message of the failure would show it. */
function checkToken(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError('The token is not one line without spaces.')
  return token
}
