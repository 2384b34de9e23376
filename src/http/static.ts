// What is uploaded beside the Worker (src/static) and comes to people through it.
import type { Context } from 'hono'
import type { LatchkeyEnv } from './context.ts'

/** As the platform answers: its Content-Type and ETag, 304, 404. @param path under src/static */
export const fetchStatic = (
  c: Context<LatchkeyEnv>,
  path: `/${string}`,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => c.env.ASSETS.fetch(new URL(path, c.req.url), { headers })
