// GET /openapi.json: what is served. The document is made from the routes (openapi/document.ts) before it is uploaded.
import * as v from 'valibot'
import { operation } from '#operation'
import { DISCOVERY_CACHE_SECONDS } from '../domain/limits.ts'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { fetchStatic } from './static.ts'

export const openapi = new Hono<LatchkeyEnv>()

openapi.get(
  '/openapi.json',
  operation({
    summary: 'This document',
    by: 'anyone',
    answers: { 200: v.record(v.string(), v.unknown()) },
  }),
  async c => {
    const document = await (await fetchStatic(c, '/openapi.json')).json<object>()
    c.header('Cache-Control', `public, max-age=${DISCOVERY_CACHE_SECONDS}`)
    return c.json({ ...document, servers: [{ url: c.var.parts.config.issuer }] })
  },
)
