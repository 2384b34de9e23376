// Why somebody who comes to sign in was signed out: told to the browser that held the session, and proves so by a cookie
// that only this deployment can have made. To anybody else there is nothing to tell, and nothing is read.
import { isAbruptChange } from '../domain/abrupt-change.ts'
import type { EndReason } from '../domain/events.ts'
import { SESSION_END_TOLD_SECONDS } from '../domain/limits.ts'
import type { Preferences } from '../domain/preferences.ts'
import type { EndedSessionProps } from '../pages/ended-session.tsx'
import { StorageUnavailable } from '../store/d1.ts'
import { findSessionEnd, type LoggedEvent } from '../store/events.ts'
import { NOTHING } from '../store/user-read.ts'
import { findUser, preferencesOf } from '../store/users.ts'
import { isIssued } from '../tokens/browser-session.ts'
import { findSessionOf, presentedSecret } from './browser-session.ts'
import type { LatchkeyContext } from './context.ts'

export type SignedOutWhy =
  | { readonly tag: 'traits_changed' }
  | ({ readonly tag: 'ended' } & EndedSessionProps)

/** null where there is nothing to tell; never throws for storage, because signing in must not depend on it. */
export async function findSignedOutWhy(c: LatchkeyContext): Promise<SignedOutWhy | null> {
  const secret = await presentedSecret(c)
  if (secret === null || !(await isIssued(c.var.parts.secrets, secret))) return null
  try {
    const { facts } = c.var
    const presented = await findSessionOf(c, secret, NOTHING)
    if (presented === null) return await readEnd(c, secret)
    const { session } = presented
    const isLive = session.expiresAt > facts.now
    if (isAbruptChange(session, facts)) return isLive ? { tag: 'traits_changed' } : null
    if (isLive) return null
    return told({ reason: 'expired', at: session.expiresAt, now: facts.now, setting: null, by: null })
  } catch (error) {
    if (error instanceof StorageUnavailable) return null
    throw error
  }
}

async function readEnd(
  c: LatchkeyContext,
  { userId, sessionId }: { readonly userId: string; readonly sessionId: string },
): Promise<SignedOutWhy | null> {
  const { parts, facts } = c.var
  const db = parts.shards.of(userId)
  const [end, user] = await Promise.all([findSessionEnd(db, userId, sessionId), findUser(db, userId)])
  if (end === null || user === null) return null
  const { ended, ender } = end
  const { device, place } = ended
  // What would not have been signed in by it is not told either where its holder is now.
  if (device !== null && place !== null && isAbruptChange({ device, place }, facts)) return null
  const reason = ended.reason as EndReason
  const by = ender === null || ender.sessionId === sessionId ? null : await enderOf(c, ender)
  const setting = reason === 'replaced' ? settingOf(preferencesOf(user)) : null
  return told({ reason, at: ended.at, now: facts.now, setting, by })
}

const told = (props: EndedSessionProps): SignedOutWhy | null =>
  props.now - props.at < SESSION_END_TOLD_SECONDS ? { tag: 'ended', ...props } : null

async function enderOf(c: LatchkeyContext, ender: LoggedEvent): Promise<EndedSessionProps['by']> {
  const { clientId, device, place } = ender
  if (clientId === null || device === null || place === null) return null
  const client = await c.var.parts.findClient(clientId, c.var.facts.now)
  return { clientName: client?.name ?? '', device, place }
}

/** As it is now: by which of the user's own settings one sign-in ends others. */
function settingOf(preferences: Preferences): EndedSessionProps['setting'] {
  if (preferences.one_device) return 'one_device'
  return preferences.one_session_per_client ? 'one_session_per_client' : null
}
