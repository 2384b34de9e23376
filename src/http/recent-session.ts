// What is sensitive needs a browser session that began a short while ago. A token is never taken as a present user
// (NIST SP 800-63B-4, 5.1.2).
import { isRecent, type Session } from '../domain/session.ts'
import { unauthorized } from './bearer.ts'
import { findBrowserSession } from './browser-session.ts'
import type { LatchkeyContext } from './context.ts'
import { wantsJson } from './negotiate.ts'
import { Problem } from './problem.ts'

/**
 * The browser session of this request if it is recent; else the answer: sign in, and come back here.
 * @param here a path of our own
 */
export async function recentSession(c: LatchkeyContext, here: string): Promise<Session | Response> {
  const session = await findBrowserSession(c)
  return session !== null && isRecent(session, c.var.facts.now) ? session : signInFirst(c, session, here)
}

/** @param session that is too old, or null */
export function signInFirst(c: LatchkeyContext, session: Session | null, here: string): Response {
  const why = session === null ? 'unauthorized' : 'recent_sign_in_required'
  if (wantsJson(c)) throw session === null ? unauthorized() : new Problem(why)
  const query = new URLSearchParams({ continue: here, ...(session && { notice: why }) })
  return c.redirect(`/sign-in?${query}`, 303)
}
