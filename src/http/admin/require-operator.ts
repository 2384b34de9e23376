// Operators: one token, two while it is replaced, compared by digest in constant time. No user token opens this door, and who goes through it is noted:
// whoever has the token must not be able to acknowledge an alarm, or have a webhook told, without a trace.
import type { MiddlewareHandler } from 'hono'
import { identify, record } from '../../records/record.ts'
import type { Parts } from '../../sign-in/parts.ts'
import { digest, isOneOf } from '../../tokens/digest.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Problem } from '../problem.ts'

export async function isAdminToken({ config }: Pick<Parts, 'config'>, presented: string): Promise<boolean> {
  const accepted = config.secrets.ADMIN_TOKEN
  const expected = await Promise.all(accepted.map(token => digest('admin-token', token ?? '')))
  return isOneOf(expected, await digest('admin-token', presented))
}

export const noOperator = (): Problem =>
  new Problem('unauthorized', { headers: { 'WWW-Authenticate': 'Bearer realm="latchkey-admin"' } })

export function requireOperator(): MiddlewareHandler<LatchkeyEnv> {
  return async function checkOperator(c, next) {
    const presented = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    if (presented === undefined || !(await isAdminToken(c.var.parts, presented))) {
      throw noOperator()
    }
    identify({ actor: 'operator' })
    await next()
    const { method, path } = c.req
    // Of what was done the path has ids alone; of what was refused it may have anything.
    if (c.res.status < 400) record('operator.called', { method, path })
  }
}
