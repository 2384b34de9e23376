// Every test file has storage of its own: the schema is applied to all shards before its tests.
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'

beforeAll(async () => {
  const { DB, DB_1, DB_2, TEST_SCHEMA } = env as unknown as {
    DB: D1Database
    DB_1: D1Database
    DB_2: D1Database
    TEST_SCHEMA: string[]
  }
  for (const db of [DB, DB_1, DB_2]) await db.batch(TEST_SCHEMA.map(sql => db.prepare(sql)))
})
