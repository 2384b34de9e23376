// Nothing personal or secret is kept by a cache; the few public answers say so themselves. On the answer itself, here and
// in its neighbours: `c.header` would make another one of it each time.
import type { MiddlewareHandler } from 'hono'

export function noStore(): MiddlewareHandler {
  return async function setNoStore(c, next) {
    await next()
    const { headers } = c.res
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
  }
}
