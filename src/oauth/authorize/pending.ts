// A request that waits for its user travels through the browser, sealed: nothing is stored for whoever has not signed
// in, nobody can read or change it on the way, and it comes back to exactly this request.
import type { PendingAuthorization } from '../../domain/authorization.ts'
import { AUTHORIZATION_SECONDS } from '../../domain/limits.ts'
import type { Parts } from '../../sign-in/parts.ts'

const CONTEXT = 'authorization'

export const CONTINUE_PATH = '/oauth2/authorize/continue'

export const sealPending = (parts: Pick<Parts, 'secrets'>, pending: PendingAuthorization): Promise<string> =>
  parts.secrets.seal('authorization', CONTEXT, JSON.stringify(pending))

/** null for anything that is not ours, or has waited too long. */
export async function unsealPending(
  parts: Pick<Parts, 'secrets'>,
  sealed: string,
  now: number,
): Promise<PendingAuthorization | null> {
  const text = await parts.secrets.unseal('authorization', CONTEXT, sealed)
  if (text === null) return null
  const pending = JSON.parse(text) as PendingAuthorization
  return now - pending.begunAt <= AUTHORIZATION_SECONDS ? pending : null
}

export const continuePath = (sealed: string): string => `${CONTINUE_PATH}?request=${sealed}`

/** The request that a browser goes on to after signing in, if that is what it does. */
export function pendingOfPath(
  parts: Pick<Parts, 'secrets'>,
  path: string | null,
  now: number,
): Promise<PendingAuthorization | null> {
  const prefix = continuePath('')
  return path?.startsWith(prefix)
    ? unsealPending(parts, path.slice(prefix.length), now)
    : Promise.resolve(null)
}
