import * as v from 'valibot'
import { operation } from '#operation'
import { VERSION } from '../domain/version.ts'
import { ping } from '../store/d1.ts'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'

export const health = new Hono<LatchkeyEnv>()

/** 503 when any database does not answer. */
health.get(
  '/health',
  operation({
    summary: 'Whether every database answers',
    by: 'anyone',
    answers: { 200: v.object({ status: v.literal('ok'), version: v.string() }) },
  }),
  async c => {
    await Promise.all(c.var.parts.shards.all.map(ping))
    return c.json({ status: 'ok', version: VERSION })
  },
)
