// The operator's short session on the page: a time, and a MAC under it and the ADMIN_TOKEN. Nothing is stored: it ends with its
// time, by being forgotten, and with the token that it was begun by.
import type { Accepted } from '../domain/deployment-secrets.ts'
import { digest, isOneOf } from './digest.ts'
import type { Secrets } from './secrets.ts'

const FORM = /^([1-9]\d{0,11})\.([A-Za-z0-9_-]{43})$/

/** @param expiresAt seconds */
export const mintOperatorSession = async (
  secrets: Pick<Secrets, 'mac'>,
  adminToken: string,
  expiresAt: number,
): Promise<string> =>
  `${expiresAt}.${await secrets.mac('operator-session', await textOf(adminToken, expiresAt))}`

/** Whether we made it, by one of these tokens, and its time is not over. */
export async function isOperatorSession(
  secrets: Pick<Secrets, 'macs'>,
  adminTokens: Accepted,
  text: string,
  now: number,
): Promise<boolean> {
  const [, expiry, presented] = FORM.exec(text) ?? []
  if (expiry === undefined || presented === undefined) return false
  const made = adminTokens.map(async token =>
    secrets.macs('operator-session', await textOf(token ?? '', Number(expiry))),
  )
  return isOneOf((await Promise.all(made)).flat(), presented) && Number(expiry) > now
}

const textOf = async (adminToken: string, expiresAt: number): Promise<string> =>
  `${expiresAt}.${await digest('admin-token', adminToken)}`
