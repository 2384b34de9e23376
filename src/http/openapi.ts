// GET /openapi.json: what is served, by the routes' own schemas.
import * as v from 'valibot'
import { DISCOVERY_CACHE_SECONDS } from '../domain/limits.ts'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { describeRoutes } from './openapi/document.ts'
import { operation } from './openapi/operation.ts'

/** Reads the routes when it is first asked: by then all of them stand, itself among them. */
export function openapi(app: Hono<LatchkeyEnv>): Hono<LatchkeyEnv> {
  let described: Readonly<Record<string, unknown>> | null = null
  const routes = new Hono<LatchkeyEnv>()
  routes.get(
    '/openapi.json',
    operation({
      summary: 'This document',
      by: 'anyone',
      answers: { 200: v.record(v.string(), v.unknown()) },
    }),
    c => {
      described ??= describeRoutes(app.routes)
      c.header('Cache-Control', `public, max-age=${DISCOVERY_CACHE_SECONDS}`)
      return c.json({ ...described, servers: [{ url: c.var.parts.config.issuer }] })
    },
  )
  return routes
}
