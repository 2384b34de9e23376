// What can be said of a deployment before it is made: whether wrangler.toml was made one's own, which secrets it asks
// for, and whether the service would take both. Pure.
import { randomBytes } from 'node:crypto'
import { ConfigError, parseConfig } from '../../config.ts'
import { parseShardMap } from '../../store/shards.ts'
import { SECRET_NAMES } from '../secrets-file.ts'
import type { WorkerConfig } from '../wrangler.ts'

type Vars = Readonly<Record<string, string>>
type Secrets = Readonly<Record<string, string>>

/** Names of the settings that still have the value of the example. */
export const findExampleSettings = (vars: Vars): string[] =>
  Object.entries(vars)
    .filter(([name]) => vars.MAIL_TRANSPORT === 'smtp' || !name.startsWith('SMTP_'))
    .filter(([, value]) => /\bexample\b/.test(value))
    .map(([name]) => name)

const ADVICE: Readonly<Record<string, string>> = {
  ISSUER:
    'the address that people will see, https://… and nothing behind it. Without a domain of your own it is ' +
    'https://<name of the Worker>.<your subdomain>.workers.dev; your subdomain stands in the dashboard, at Workers & Pages',
  MAIL_FROM: 'who the mails come from: an address that your mail service may send for',
  SMTP_HOST: 'your mail server; or choose another MAIL_TRANSPORT (README, Deploying)',
}

/** A line for each setting that is to be set. */
export const advise = (names: readonly string[]): string =>
  names.map(name => `  ${name}: ${ADVICE[name] ?? 'see docs/configuration.md'}`).join('\n')

export function requiredSecrets(vars: Vars): string[] {
  const ofTransport = vars.MAIL_TRANSPORT === 'http' ? ['MAIL_API_KEY'] : []
  const ofLogin = vars.MAIL_TRANSPORT === 'smtp' && vars.SMTP_USERNAME ? ['SMTP_PASSWORD'] : []
  return [...SECRET_NAMES, ...ofTransport, ...ofLogin]
}

/**
 * Names of the settings with which the service would refuse to start.
 * @param secrets null for those that a Worker has already, which nobody can read
 */
export function findFaults(
  { vars, databases, mailBindings }: WorkerConfig,
  secrets: Secrets | null,
): string[] {
  const someSecrets = () =>
    Object.fromEntries(requiredSecrets(vars).map(name => [name, randomBytes(32).toString('base64url')]))
  const bindings = Object.fromEntries(mailBindings.map(name => [name, {}]))
  const faults: string[] = []
  try {
    parseConfig({ ...bindings, ...vars, ...(secrets ?? someSecrets()) })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    faults.push(...error.settings)
  }
  try {
    parseShardMap(vars.SHARDS ?? '', Object.fromEntries(databases.map(name => [name, { prepare: null }])))
  } catch {
    faults.push('SHARDS')
  }
  return faults
}
