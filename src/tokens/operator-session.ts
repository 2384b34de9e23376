// The operator's short session on the page: a time, and a MAC under it and the ADMIN_TOKEN. Nothing is stored: it ends with its
// time, by being forgotten, and with the token that it was begun by.
import { digest, digestsEqual } from './digest.ts'
import type { Secrets } from './secrets.ts'

const FORM = /^([1-9]\d{0,11})\.([A-Za-z0-9_-]{43})$/

/** @param expiresAt seconds */
export const mintOperatorSession = async (
  secrets: Pick<Secrets, 'mac'>,
  adminToken: string,
  expiresAt: number,
): Promise<string> => `${expiresAt}.${await macOf(secrets, adminToken, expiresAt)}`

/** Whether we made it, by this token, and its time is not over. */
export async function isOperatorSession(
  secrets: Pick<Secrets, 'mac'>,
  adminToken: string,
  text: string,
  now: number,
): Promise<boolean> {
  const [, expiry, presented] = FORM.exec(text) ?? []
  if (expiry === undefined || presented === undefined) return false
  const isOurs = digestsEqual(await macOf(secrets, adminToken, Number(expiry)), presented)
  return isOurs && Number(expiry) > now
}

const macOf = async (secrets: Pick<Secrets, 'mac'>, adminToken: string, expiresAt: number) =>
  secrets.mac('operator-session', `${expiresAt}.${await digest('admin-token', adminToken)}`)
