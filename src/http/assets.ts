import { ASSETS } from '../pages/assets/index.ts'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { Problem } from './problem.ts'

export const assets = new Hono<LatchkeyEnv>()

/** Style and scripts of the pages: ours, from this origin, nothing else. */
assets.get('/assets/:name', c => {
  const asset = Object.hasOwn(ASSETS, c.req.param('name')) ? ASSETS[c.req.param('name')] : undefined
  if (asset === undefined) throw new Problem('not_found')
  return c.body(asset.body, 200, { 'Content-Type': asset.type, 'Cache-Control': 'public, max-age=300' })
})
