import * as v from 'valibot'
import { answer, operation } from '#operation'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'

export const jwks = new Hono<LatchkeyEnv>()

const text = v.string()
const Jwks = answer(() =>
  v.object({
    keys: v.array(v.object({ kty: text, crv: text, x: text, y: text, kid: text, alg: text, use: text })),
  }),
)

/** Public keys (RFC 7517), for anyone; cached for less than the overlap of a rotation. */
jwks.get(
  '/.well-known/jwks.json',
  operation({ summary: 'Public signing keys', by: 'anyone', answers: { 200: Jwks } }),
  async c => {
    const { keys, maxAgeSeconds } = await c.var.parts.keys.publicJwks(c.var.facts.now)
    c.header('Cache-Control', `public, max-age=${maxAgeSeconds}`)
    return c.json({ keys })
  },
)
