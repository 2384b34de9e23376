// Operators: one token, compared by digest in constant time. No user token opens this door.
import type { MiddlewareHandler } from 'hono'
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
  }
}
