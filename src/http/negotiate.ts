// Page or JSON: pages are for the paths that people visit, unless JSON is asked for.
import type { Context } from 'hono'

const PAGE_PATHS =
  /^\/(?:$|sign-in(?:\/|$)|sign-out$|signed-out(?:\/|$)|account(?:\/|$)|device$|admin(?:$|\/(?:sign-out|acknowledge)$)|oauth2\/(?:authorize|end-session)(?:\/|$)|assets\/)/

export const wantsJson = (c: Context): boolean =>
  /\bapplication\/(?:problem\+)?json\b/i.test(c.req.header('Accept') ?? '')

/** Whether people visit it. */
export const isPagePath = (path: string): boolean => PAGE_PATHS.test(path)

export const wantsPage = (c: Context): boolean => isPagePath(c.req.path) && !wantsJson(c)

/** Endpoints whose clients expect the RFC's form of an error, also of one that no RFC names. */
const OAUTH_PATHS: readonly string[] = [
  '/oauth2/device_authorization',
  '/oauth2/introspect',
  '/oauth2/par',
  '/oauth2/register',
  '/oauth2/revoke',
  '/oauth2/token',
]

export const isOAuthPath = (path: string): boolean =>
  OAUTH_PATHS.includes(path) || path.startsWith('/oauth2/register/')

export const wantsEventStream = (c: Context): boolean =>
  /\btext\/event-stream\b/i.test(c.req.header('Accept') ?? '')
