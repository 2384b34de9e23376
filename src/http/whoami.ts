import * as v from 'valibot'
import { answer, operation } from '#operation'
import { requireBearer } from './bearer.ts'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'

export const whoami = new Hono<LatchkeyEnv>()

const Whoami = answer(() =>
  v.object({
    authenticated: v.literal(true),
    client_id: v.string(),
    user_id: v.nullable(v.string()),
    session_id: v.nullable(v.string()),
  }),
)

/** Speaks only about the token that is presented, so any of ours will do. One row read, none written. */
whoami.get(
  '/ping/whoami',
  operation({ summary: 'Whose token this is', by: 'token_holder', answers: { 200: Whoami } }),
  async c => {
    const claims = await requireBearer(c, { audience: 'any' })
    return c.json({
      authenticated: true,
      client_id: claims.client_id,
      // A client in its own name has neither.
      user_id: claims.sid === undefined ? null : claims.sub,
      session_id: claims.sid ?? null,
    })
  },
)
