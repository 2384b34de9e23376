// A known path with another method is 405 with Allow (RFC 9110 §15.5.6), not 404.
import type { Next } from 'hono'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import type { Hono } from './hono.ts'
import { Problem } from './problem.ts'

/** Stands before a GET that changes something: a HEAD changes nothing (RFC 9110 §9.2.1), and says nothing. */
export const idleHead = (c: LatchkeyContext, next: Next) =>
  c.req.method === 'HEAD' ? Promise.resolve(c.body(null)) : next()

/** Made once the routes stand. The handler throws `method_not_allowed` or `not_found`. */
export function refuseUnrouted(app: Hono<LatchkeyEnv>): (c: LatchkeyContext) => never {
  const methodsByPath = new Map<string, Set<string>>()
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue
    const methods = methodsByPath.get(path) ?? new Set()
    methodsByPath.set(path, methods.add(method))
  }
  const patterns = [...methodsByPath].map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:[^/]+/g, '[^/]+')}$`),
    methods,
  }))
  return function refuse(c) {
    const methods = patterns
      .filter(({ pattern }) => pattern.test(c.req.path))
      .flatMap(each => [...each.methods])
    if (methods.length === 0) throw new Problem('not_found')
    const allowed = new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)
    throw new Problem('method_not_allowed', { headers: { Allow: [...allowed].join(', ') } })
  }
}
