// Page or JSON: pages are for the paths that people visit, unless JSON is asked for.
import type { Context } from 'hono'

const PAGE_PATHS =
  /^\/(?:$|sign-in(?:\/|$)|sign-out$|signed-out$|account(?:\/|$)|device$|oauth2\/(?:authorize|end-session)(?:\/|$)|assets\/)/

export const wantsJson = (c: Context): boolean =>
  /\bapplication\/(?:problem\+)?json\b/i.test(c.req.header('Accept') ?? '')

export const wantsPage = (c: Context): boolean => PAGE_PATHS.test(c.req.path) && !wantsJson(c)

export const wantsEventStream = (c: Context): boolean =>
  /\btext\/event-stream\b/i.test(c.req.header('Accept') ?? '')
