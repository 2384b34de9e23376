// The three databases of the tests, so that nothing relies on there being one. Only the first is bound in production.
import { env } from 'cloudflare:workers'

export const { DB, DB_1, DB_2 } = env as unknown as Record<'DB' | 'DB_1' | 'DB_2', D1Database>
