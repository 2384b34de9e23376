// Every test file begins on empty databases, with the schema applied to all shards before its tests.
import { reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'

const { DB, DB_1, DB_2, TEST_SCHEMA } = env as unknown as {
  DB: D1Database
  DB_1: D1Database
  DB_2: D1Database
  TEST_SCHEMA: string[]
}
const shards = [DB, DB_1, DB_2]

const hasTables = async (db: D1Database): Promise<boolean> =>
  (await db.prepare("SELECT 1 FROM sqlite_schema WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'").first()) !==
  null

beforeAll(async () => {
  // What has not been used for seconds is left as it is: hence the question, which wakes a database, before it is reset.
  while ((await Promise.all(shards.map(hasTables))).includes(true)) await reset()
  for (const db of shards) await db.batch(TEST_SCHEMA.map(sql => db.prepare(sql)))
})
