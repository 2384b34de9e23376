// Every answer carries the id under which its logs are found. Ours, not the caller's: it cannot be chosen.
import type { MiddlewareHandler } from 'hono'
import { randomId } from '../../tokens/random.ts'
import type { LatchkeyEnv } from '../context.ts'

export function requestId(): MiddlewareHandler<LatchkeyEnv> {
  return async function setRequestId(c, next) {
    const id = randomId('req')
    c.set('requestId', id)
    await next()
    // On the answer that stands: one that a handler made by itself takes no header from before.
    c.res.headers.set('X-Request-Id', id)
  }
}
