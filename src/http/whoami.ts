import { Hono } from 'hono'
import { requireBearer } from './bearer.ts'
import type { LatchkeyEnv } from './context.ts'

export const whoami = new Hono<LatchkeyEnv>()

/** Speaks only about the token that is presented, so any of ours will do. One row read, none written. */
whoami.get('/ping/whoami', async c => {
  const claims = await requireBearer(c, { audience: 'any' })
  return c.json({
    authenticated: true,
    client_id: claims.client_id,
    // A client in its own name has neither.
    user_id: claims.sid === undefined ? null : claims.sub,
    session_id: claims.sid ?? null,
  })
})
