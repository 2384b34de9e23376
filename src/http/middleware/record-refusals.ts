// Whatever a request comes to, its refusal or failure is recorded once: here, when the answer stands.
import type { MiddlewareHandler } from 'hono'
import { recordingAs, recordRefusal } from '../../records/record.ts'
import type { LatchkeyEnv } from '../context.ts'

export function recordRefusals(): MiddlewareHandler<LatchkeyEnv> {
  return function recordOutcome(c, next) {
    // Where records go beside the log is known with the facts.
    return recordingAs(c.get('requestId'), 'anonymous', null, async () => {
      await next()
      // The route's pattern, which is ours; the path is the caller's.
      recordRefusal(c.res.status, { method: c.req.method, route: c.req.routePath })
      const facts = c.get('facts')
      // Not there where the service is not configured.
      c.get('parts')?.figures.flush(facts.now, facts.waitUntil)
    })
  }
}
