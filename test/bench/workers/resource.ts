// A resource server: the same answer without a check, behind the middleware, behind a bare jwtVerify, and over RPC.
import { type Context, Hono } from 'hono'
import { createRequireToken, type TokenService } from '../../../src/resource/index.ts'
import { bearerOf, createJwtCheck } from './jwt-check.ts'

interface ResourceEnv {
  readonly Bindings: {
    readonly AUTH: TokenService
    readonly SERVICE: Fetcher
    readonly FLOORS: { hello(token: string): Promise<object> }
  }
}

const requireToken = createRequireToken(c => c.env.AUTH)
const check = createJwtCheck()
const app = new Hono<ResourceEnv>()

const answer = (c: Context) => c.json({ notes: [], next: null })
/** The middleware of a route that has it, and none of a route that has not, are of one shape. */
app.get('/open', async (_, next) => next(), answer)
app.get('/bounded', requireToken({ scope: 'read' }), answer)
app.get('/strong', requireToken({ scope: 'read', mode: 'strong' }), answer)
app.get(
  '/jwt',
  async (c, next) => {
    await check(bearerOf(c), c.env.SERVICE)
    return next()
  },
  answer,
)
app.get('/rpc', async c => c.json(await c.env.AUTH.verify(bearerOf(c), { mode: 'bounded' })))
app.get('/rpc-strong', async c => c.json(await c.env.AUTH.verify(bearerOf(c), { mode: 'strong' })))
app.get('/rpc-hello', async c => c.json(await c.env.FLOORS.hello(bearerOf(c))))

export default app
