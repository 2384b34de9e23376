import { Hono } from 'hono'
import { VERSION } from '../domain/version.ts'
import { ping } from '../store/d1.ts'
import type { LatchkeyEnv } from './context.ts'

export const health = new Hono<LatchkeyEnv>()

/** 503 when any database does not answer. */
health.get('/health', async c => {
  await Promise.all(c.var.parts.shards.all.map(ping))
  return c.json({ status: 'ok', version: VERSION })
})
