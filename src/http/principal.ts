// Who calls the sessions API: a token with scope `sessions`, or the browser session (with X-CSRF-Token to change).
import { NOTHING, type UserRead } from '../store/user-read.ts'
import { type BearerDemand, ofUser, presentedToken, requireBearerWith, unauthorized } from './bearer.ts'
import { findBrowserSessionWith } from './browser-session.ts'
import type { LatchkeyContext } from './context.ts'
import { checkCsrf } from './csrf.ts'
import { Problem } from './problem.ts'

export interface Principal {
  readonly userId: string
  readonly sessionId: string
  readonly clientId: string
}

export const SESSIONS_DEMAND: BearerDemand = { audience: 'issuer', scope: 'sessions' }

export const requirePrincipal = async (c: LatchkeyContext): Promise<Principal> =>
  (await requirePrincipalWith(c, NOTHING)).principal

/** Likewise, and what was read of the user in the same call. */
export async function requirePrincipalWith<Found>(
  c: LatchkeyContext,
  read: UserRead<Found>,
): Promise<{ readonly principal: Principal; readonly found: Found }> {
  if (c.req.header('Authorization') !== undefined || presentedToken(c) !== null) {
    const { claims, results } = await requireBearerWith(c, SESSIONS_DEMAND, read)
    const { sub: userId, sid: sessionId, client_id: clientId } = ofUser(claims)
    return { principal: { userId, sessionId, clientId }, found: read.found(userId, results) }
  }
  const presented = await findBrowserSessionWith(c, read)
  if (presented === null) throw unauthorized()
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') await checkCsrf(c)
  const { session, found } = presented
  return { principal: { userId: session.userId, sessionId: session.id, clientId: session.clientId }, found }
}

/** The caller's session ended while the change was under way: what it presented is refused with the reason. */
export async function refuseGone(
  c: LatchkeyContext,
  requireCaller: (c: LatchkeyContext) => Promise<unknown> = requirePrincipal,
): Promise<never> {
  await requireCaller(c)
  throw new Problem('session_ended', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })
}
