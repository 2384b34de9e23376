// An authorization request that waits for its user: nothing is stored for whoever has not signed in.
import type { PendingAuthorization } from '../../domain/authorization.ts'
import type { Parts } from '../../sign-in/parts.ts'
import { createWaitingRoom } from './waiting.ts'

export const CONTINUE_PATH = '/oauth2/authorize/continue'

export const { seal: sealPending, unseal: unsealPending } =
  createWaitingRoom<PendingAuthorization>('authorization')

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
