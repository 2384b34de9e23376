// Style and scripts of the pages: ours, from this origin, nothing else.
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { Problem } from './problem.ts'
import { fetchStatic } from './static.ts'

export const assets = new Hono<LatchkeyEnv>()

/** Names stay, contents change: after a while a browser asks whether what it has is still the same. */
const CACHED = 'public, max-age=300'

assets.get('/assets/:name', async c => {
  const known = c.req.header('If-None-Match')
  const path = `/pages/${encodeURIComponent(c.req.param('name'))}` as const
  const file = await fetchStatic(c, path, known === undefined ? {} : { 'If-None-Match': known })
  if (!file.ok && file.status !== 304) throw new Problem('not_found')
  const answer = new Response(file.body, file)
  answer.headers.set('Cache-Control', CACHED)
  return answer
})
