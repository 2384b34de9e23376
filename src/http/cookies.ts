// Every cookie of Latchkey: its name and attributes in one table.
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

/** Nothing but what a cookie may hold as it is: base64url, and dots between. */
const VALUE = /^[\w.-]*$/
/** What browsers leave out before a cookie, and nothing more: a name that begins with another kind of space has no `__Host-`. */
const SEPARATOR = /;[ \t]*/

/** The first of its name (RFC 6265 §5.4 puts the one that is meant first); nothing that we would not have written. */
export function readCookie(c: LatchkeyContext, kind: CookieKind): string | undefined {
  const start = `${COOKIES[kind].name}=`
  const pairs = (c.req.header('Cookie') ?? '').split(SEPARATOR)
  const value = pairs.find(pair => pair.startsWith(start))?.slice(start.length)
  return value !== undefined && VALUE.test(value) ? value : undefined
}

/** @param value as VALUE has it */
export function writeCookie(
  c: LatchkeyContext,
  kind: CookieKind,
  value: string,
  { maxAge }: { readonly maxAge: number } = COOKIES[kind],
): void {
  const { name, sameSite } = COOKIES[kind]
  const cookie = `${name}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; Secure; SameSite=${sameSite}`
  c.header('Set-Cookie', cookie, { append: true })
}

export const clearCookie = (c: LatchkeyContext, kind: CookieKind): void =>
  writeCookie(c, kind, '', { maxAge: 0 })
