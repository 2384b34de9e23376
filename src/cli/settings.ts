// What the commands read from the environment, checked before anything starts.
import { resolve } from 'node:path'

export const PROJECT = resolve(import.meta.dirname, '../..')
export const DEV_VARS = resolve(PROJECT, '.dev.vars')

type Switch = 'on' | 'off'

export interface Settings {
  readonly port: number
  readonly mailSmtpPort: number
  readonly mailWebPort: number
  readonly stateDir: string
  readonly rateLimits: Switch
  readonly loopbackTargets: Switch
  readonly clientDocuments: Switch
}

export const SETTINGS_HELP = `Settings, from the environment:
  PORT              port of the service (8787)
  MAIL_SMTP_PORT    port of the local mail server (1025)
  MAIL_WEB_PORT     port of the mailbox page and its JSON (1080)
  STATE_DIR         where databases, objects and mails are kept (.wrangler/state)
  RATE_LIMITS       on, or off for load tests (on)
  LOOPBACK_TARGETS  off, or on so that a client's link_uri may be on this machine (off)
  CLIENT_ID_METADATA_DOCUMENTS  off, or on so that a client id may be an address (off)`

/** Throws UsageError, which says everything that is wrong at once. */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = []
  const read = (name: string, fallback: string) => env[name] || fallback
  const port = (name: string, fallback: number): number => {
    try {
      return parsePort(name, read(name, String(fallback)))
    } catch (error) {
      problems.push((error as Error).message)
      return 0
    }
  }
  const onOrOff = (name: string, fallback: Switch): Switch => {
    const text = read(name, fallback)
    if (text === 'on' || text === 'off') return text
    problems.push(`${name} must be on or off, and is ${JSON.stringify(text)}`)
    return fallback
  }
  const settings: Settings = {
    port: port('PORT', 8787),
    mailSmtpPort: port('MAIL_SMTP_PORT', 1025),
    mailWebPort: port('MAIL_WEB_PORT', 1080),
    stateDir: resolve(read('STATE_DIR', resolve(PROJECT, '.wrangler/state'))),
    rateLimits: onOrOff('RATE_LIMITS', 'on'),
    loopbackTargets: onOrOff('LOOPBACK_TARGETS', 'off'),
    clientDocuments: onOrOff('CLIENT_ID_METADATA_DOCUMENTS', 'off'),
  }
  const ports = new Set([settings.port, settings.mailSmtpPort, settings.mailWebPort])
  if (problems.length === 0 && ports.size < 3) {
    problems.push('PORT, MAIL_SMTP_PORT and MAIL_WEB_PORT must be three different ports')
  }
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  return settings
}

/** Throws UsageError. */
export function parsePort(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new UsageError(`${name} must be a whole number from 1 to 65535, and is ${JSON.stringify(text)}`)
}

export const serviceOrigin = (settings: Settings): string => `http://localhost:${settings.port}`
export const mailboxOrigin = (settings: Settings): string => `http://127.0.0.1:${settings.mailWebPort}`

/** Something that the person at the keyboard can put right; its message is the whole answer. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
