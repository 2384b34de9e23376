// Whoever has changed something here finds it changed here: tokens that are remembered are looked at anew.
import type { MiddlewareHandler } from 'hono'
import type { LatchkeyEnv } from '../context.ts'

/** Asked by POST, and changes nothing. */
const QUESTION = '/oauth2/introspect'

export function doubtMemory(): MiddlewareHandler<LatchkeyEnv> {
  return async function doubtAfterChange(c, next) {
    await next()
    if (c.req.method !== 'GET' && c.req.path !== QUESTION) c.get('parts').verifier.doubt()
  }
}
