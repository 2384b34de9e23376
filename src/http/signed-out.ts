// The answer after the end of this browser's session.
import type { LatchkeyContext } from './context.ts'
import { clearCookie } from './cookies.ts'

export const SIGNED_OUT_PATH = '/signed-out'

/**
 * Cookies and whatever the browser kept of this origin go with the session.
 * @param goOnTo a place that has been checked
 */
export function signedOut(c: LatchkeyContext, goOnTo: string = SIGNED_OUT_PATH): Response {
  clearCookie(c, 'session')
  clearCookie(c, 'csrf')
  c.header('Clear-Site-Data', '"cache", "storage"')
  return c.redirect(goOnTo, 303)
}
