// Whatever a request comes to, its refusal or failure is recorded once: here, when the answer stands.
import type { MiddlewareHandler } from 'hono'
import type { Figures } from '../../notify/figures.ts'
import { recordingAs, recordRefusal, type SecurityRecord } from '../../records/record.ts'
import type { LatchkeyEnv } from '../context.ts'

export function recordRefusals(): MiddlewareHandler<LatchkeyEnv> {
  return function recordOutcome(c, next) {
    // Not there where the service is not configured.
    const figures = (): Figures | undefined => c.get('parts')?.figures
    const count = (entry: SecurityRecord) => figures()?.add(entry, c.get('facts').now)
    return recordingAs(c.get('requestId'), 'anonymous', count, async () => {
      await next()
      // The route's pattern, which is ours; the path is the caller's.
      recordRefusal(c.res.status, { method: c.req.method, route: c.req.routePath })
      const facts = c.get('facts')
      figures()?.flush(facts.now, facts.waitUntil)
    })
  }
}
