// Operators: one token, compared by digest in constant time. No user token opens this door, and who goes through it is noted:
// whoever has the token must not be able to acknowledge an alarm, or have a webhook told, without a trace.
import type { MiddlewareHandler } from 'hono'
import { log } from '../../log.ts'
import { digest, digestsEqual } from '../../tokens/digest.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Problem } from '../problem.ts'

export function requireOperator(): MiddlewareHandler<LatchkeyEnv> {
  return async function checkOperator(c, next) {
    const presented = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    const expected = await digest('admin-token', c.var.parts.config.adminToken)
    if (presented === undefined || !digestsEqual(expected, await digest('admin-token', presented))) {
      throw new Problem('unauthorized', { headers: { 'WWW-Authenticate': 'Bearer realm="latchkey-admin"' } })
    }
    await next()
    const { status } = c.res
    // Of what was done the path has ids alone; of what was refused it may have anything.
    const path = status < 400 ? c.req.path : null
    const request_id = c.get('requestId')
    log('info', { event: 'operator.request', request_id, method: c.req.method, path, status })
  }
}
