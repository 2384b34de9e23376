// Over plain http an https issuer does nothing (ASVS 4.1.2): a redirect would hide from an app that its token has
// crossed the network in the clear. Only a person who opens a page is sent on.
import type { MiddlewareHandler } from 'hono'
import type { LatchkeyEnv } from '../context.ts'
import { wantsPage } from '../negotiate.ts'
import { Problem } from '../problem.ts'

export function requireHttps(): MiddlewareHandler<LatchkeyEnv> {
  return function refusePlainHttp(c, next) {
    const { isHttps, issuer } = c.get('parts').config
    if (!isHttps || c.req.url.startsWith('https:')) return next()
    const { pathname, search } = new URL(c.req.url)
    const isVisit = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (isVisit && wantsPage(c)) return Promise.resolve(c.redirect(`${issuer}${pathname}${search}`, 301))
    throw new Problem('https_required')
  }
}
