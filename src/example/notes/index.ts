// A resource Worker: notes of whoever holds a token for it. Reading is within the bound, writing asks each time.
import { Hono } from 'hono'
import { createRequireToken, type TokenService, type TokenVariables } from '../../resource/index.ts'

interface NotesEnv {
  readonly Bindings: { readonly AUTH: TokenService }
  readonly Variables: TokenVariables
}

const requireToken = createRequireToken(c => c.env.AUTH)

const app = new Hono<NotesEnv>()

app.get('/notes', requireToken(), c => {
  const { claims, asOf } = c.var.token
  return c.json({ owner: claims.sub, notes: [], as_of: new Date(asOf).toISOString() })
})

app.post('/notes', requireToken({ mode: 'strong' }), c => c.body(null, 201))

export default app
