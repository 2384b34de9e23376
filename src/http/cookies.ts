// Every cookie of Latchkey: its name and attributes in one table.
import { getCookie, setCookie } from 'hono/cookie'
import {
  DAY_SECONDS,
  KNOWN_NETWORK_SECONDS,
  OPERATOR_SESSION_SECONDS,
  SESSION_ABSOLUTE_SECONDS,
  SIGN_IN_SECONDS,
} from '../domain/limits.ts'
import type { LatchkeyContext } from './context.ts'

const COOKIES = {
  /** The browser session. */
  session: { name: '__Host-session', maxAge: SESSION_ABSOLUTE_SECONDS, sameSite: 'Lax' },
  /** Ties a sign-in to the browser that asked for it. Lax: the link in the mail is a cross-site navigation. */
  signIn: { name: '__Host-sign-in', maxAge: SIGN_IN_SECONDS, sameSite: 'Lax' },
  /** Lax: a page reached from the mail must not replace the nonce of the page that waits in another tab. */
  csrf: { name: '__Host-csrf', maxAge: DAY_SECONDS, sameSite: 'Lax' },
  /** Names a browser in which somebody has signed in, so that a stranger's flood cannot crowd it out. */
  browser: { name: '__Host-browser', maxAge: KNOWN_NETWORK_SECONDS, sameSite: 'Lax' },
  /** The operator's page. Strict: nothing leads there from elsewhere. */
  operator: { name: '__Host-operator', maxAge: OPERATOR_SESSION_SECONDS, sameSite: 'Strict' },
} as const

export type CookieKind = keyof typeof COOKIES

export const readCookie = (c: LatchkeyContext, kind: CookieKind): string | undefined =>
  getCookie(c, COOKIES[kind].name)

export function writeCookie(c: LatchkeyContext, kind: CookieKind, value: string): void {
  const { name, maxAge, sameSite } = COOKIES[kind]
  setCookie(c, name, value, { path: '/', secure: true, httpOnly: true, sameSite, maxAge })
}

export function clearCookie(c: LatchkeyContext, kind: CookieKind): void {
  const { name, sameSite } = COOKIES[kind]
  setCookie(c, name, '', { path: '/', secure: true, httpOnly: true, sameSite, maxAge: 0 })
}
