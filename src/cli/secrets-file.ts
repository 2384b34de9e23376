// The file of secrets of one deployment (KEY=value lines): made once, completed when needed, and changed only
// where a secret is replaced.
import { randomBytes } from 'node:crypto'
import { appendFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { DEPLOYMENT_SECRETS, type DeploymentSecret } from '../domain/deployment-secrets.ts'

export const SECRET_NAMES = DEPLOYMENT_SECRETS
export type SecretName = DeploymentSecret

const SECRET_BYTES = 32
const OWNER_ONLY = 0o600

/** Makes the file, or adds what it lacks. Two first runs at once end with the same secrets. */
export function ensureSecrets(path: string): Record<SecretName, string> {
  if (createWhole(path)) return readSecrets(path)
  const text = readFileSync(path, 'utf8')
  const lacking = SECRET_NAMES.filter(name => findValue(text, name) === undefined)
  if (lacking.length > 0) {
    const gap = text === '' || text.endsWith('\n') ? '' : '\n'
    appendFileSync(path, gap + freshLines(lacking))
  }
  return readSecrets(path)
}

/** Throws when the file or one of the secrets is missing. */
export function readSecrets(path: string): Record<SecretName, string> {
  return {
    SEALING_SECRET: readSecret(path, 'SEALING_SECRET'),
    DIGEST_SECRET: readSecret(path, 'DIGEST_SECRET'),
    ADMIN_TOKEN: readSecret(path, 'ADMIN_TOKEN'),
  }
}

/** Throws when the file or the secret is missing. */
export function readSecret(path: string, name: string): string {
  const value = findValue(readFileSync(path, 'utf8'), name)
  if (value === undefined) throw new Error(`${path} has no ${name}`)
  return value
}

export const hasSecret = (path: string, name: string): boolean => findSecret(path, name) !== undefined

/** Throws when the file is missing. */
export const findSecret = (path: string, name: string): string | undefined =>
  findValue(readFileSync(path, 'utf8'), name)

/** Puts these into the file, or takes out what is null; everything else stays. Whoever reads it finds all or nothing of it. */
export function writeSecrets(path: string, values: Readonly<Record<string, string | null>>): void {
  const kept = readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => !Object.keys(values).some(name => findValue(line, name) !== undefined))
  while (kept.at(-1) === '') kept.pop()
  const added = Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${value}`],
  )
  const aside = nameAside(path)
  writeFileSync(aside, `${[...kept, ...added].join('\n')}\n`, { mode: OWNER_ONLY, flag: 'wx' })
  renameSync(aside, path)
}

const freshLines = (names: readonly SecretName[]): string =>
  names.map(name => `${name}=${randomBytes(SECRET_BYTES).toString('base64url')}\n`).join('')

/** Written aside and linked into place: nobody ever reads half a file, and the first of two writers wins. */
function createWhole(path: string): boolean {
  const aside = nameAside(path)
  writeFileSync(aside, freshLines(SECRET_NAMES), { mode: OWNER_ONLY, flag: 'wx' })
  try {
    linkSync(aside, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(aside)
  }
}

const nameAside = (path: string): string => `${path}.${process.pid}.${randomBytes(4).toString('hex')}`

const findValue = (text: string, name: string): string | undefined =>
  new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=\\s*(["']?)(.+?)\\1\\s*$`, 'm').exec(text)?.[2]
