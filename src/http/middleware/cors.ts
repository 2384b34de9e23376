// Which pages of other origins may read which answers (Fetch, CORS protocol). Never with credentials: cookies are for
// our own pages. The authorization endpoint and every page are not in the table, so no other origin reads them.
import type { MiddlewareHandler } from 'hono'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'

/** Everybody, where everything is public; else the origins that the client of the request has registered. */
type Readers = 'anyone' | 'own_client'

export const CORS_PATHS: readonly (readonly [path: string, readers: Readers])[] = [
  ['/.well-known/openid-configuration', 'anyone'],
  ['/.well-known/oauth-authorization-server', 'anyone'],
  ['/.well-known/jwks.json', 'anyone'],
  ['/openapi.json', 'anyone'],
  ['/oauth2/token', 'own_client'],
  ['/oauth2/revoke', 'own_client'],
  ['/oauth2/userinfo', 'own_client'],
  ['/ping/whoami', 'own_client'],
  ['/v1/*', 'own_client'],
]

const PREFLIGHT_HEADERS = {
  'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, DPoP',
  'Access-Control-Max-Age': '600',
}
const EXPOSED_HEADERS = 'WWW-Authenticate, X-Request-Id, Retry-After'

/** A preflight of a foreign origin is no request of ours: it goes on, to be refused like any other OPTIONS. */
export function cors(readers: Readers): MiddlewareHandler<LatchkeyEnv> {
  return async function answerCors(c, next) {
    const origin = c.req.header('Origin')
    if (readers === 'own_client') c.header('Vary', 'Origin')
    if (origin === undefined) return next()
    if (isPreflight(c) && (readers === 'anyone' || (await isOfSomeClient(c, origin)))) {
      return c.body(null, 204, { ...PREFLIGHT_HEADERS, ...allow(readers, origin) })
    }
    await next()
    // Handlers say whose request it was once they know.
    if (readers === 'own_client' && c.var.client?.cors_origins.includes(origin) !== true) return
    const headers = { ...allow(readers, origin), 'Access-Control-Expose-Headers': EXPOSED_HEADERS }
    for (const [name, value] of Object.entries(headers)) c.header(name, value)
  }
}

const allow = (readers: Readers, origin: string) => ({
  'Access-Control-Allow-Origin': readers === 'anyone' ? '*' : origin,
})

const isPreflight = (c: LatchkeyContext): boolean =>
  c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined

const isOfSomeClient = (c: LatchkeyContext, origin: string): Promise<boolean> =>
  c.var.parts.isClientOrigin(origin, c.var.facts.now)
