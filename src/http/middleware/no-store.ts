// Nothing personal or secret is kept by a cache; the few public answers say so themselves.
import type { MiddlewareHandler } from 'hono'

export function noStore(): MiddlewareHandler {
  return async function setNoStore(c, next) {
    await next()
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
  }
}
