import { Hono } from 'hono'
import { SIGNING_KEYS_CACHE_SECONDS } from '../domain/limits.ts'
import type { LatchkeyEnv } from './context.ts'

export const jwks = new Hono<LatchkeyEnv>()

/** Public keys (RFC 7517), for anyone; cached for less than the overlap of a rotation. */
jwks.get('/.well-known/jwks.json', async c => {
  const keys = await c.var.parts.keys.publicJwks(c.var.facts.now)
  c.header('Cache-Control', `public, max-age=${SIGNING_KEYS_CACHE_SECONDS}`)
  return c.json(keys)
})
