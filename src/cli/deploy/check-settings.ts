// Whether wrangler.toml was made one's own, and which secrets it asks for. Pure.
import { SECRET_NAMES } from '../secrets-file.ts'

type Vars = Readonly<Record<string, string>>

/** Names of the settings that still have the value of the example. */
export const findExampleSettings = (vars: Vars): string[] =>
  Object.entries(vars)
    .filter(([name]) => vars.MAIL_TRANSPORT === 'smtp' || !name.startsWith('SMTP_'))
    .filter(([, value]) => /\bexample\b/.test(value))
    .map(([name]) => name)

export function requiredSecrets(vars: Vars): string[] {
  const ofTransport = vars.MAIL_TRANSPORT === 'http' ? ['MAIL_API_KEY'] : []
  const ofLogin = vars.MAIL_TRANSPORT === 'smtp' && vars.SMTP_USERNAME ? ['SMTP_PASSWORD'] : []
  return [...SECRET_NAMES, ...ofTransport, ...ofLogin]
}
