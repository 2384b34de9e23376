// Who calls the sessions API: a token with scope `sessions`, or the browser session (with X-CSRF-Token to change).
import { type BearerDemand, ofUser, presentedToken, requireBearer, unauthorized } from './bearer.ts'
import { findBrowserSession } from './browser-session.ts'
import type { LatchkeyContext } from './context.ts'
import { checkCsrf } from './csrf.ts'
import { Problem } from './problem.ts'

export interface Principal {
  readonly userId: string
  readonly sessionId: string
  readonly clientId: string
}

export const SESSIONS_DEMAND: BearerDemand = { audience: 'issuer', scope: 'sessions' }

export async function requirePrincipal(c: LatchkeyContext): Promise<Principal> {
  if (c.req.header('Authorization') !== undefined || presentedToken(c) !== null) {
    const claims = ofUser(await requireBearer(c, SESSIONS_DEMAND))
    return { userId: claims.sub, sessionId: claims.sid, clientId: claims.client_id }
  }
  const session = await findBrowserSession(c)
  if (session === null) throw unauthorized()
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') await checkCsrf(c)
  return { userId: session.userId, sessionId: session.id, clientId: session.clientId }
}

/** The caller's session ended while the change was under way: what it presented is refused with the reason. */
export async function refuseGone(
  c: LatchkeyContext,
  requireCaller: (c: LatchkeyContext) => Promise<unknown> = requirePrincipal,
): Promise<never> {
  await requireCaller(c)
  throw new Problem('session_ended', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })
}
