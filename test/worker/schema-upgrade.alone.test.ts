// Databases of version 0 with people in them, on D1: what the upgrades make of them, and whether anybody notices.
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { type Standing, versionOf } from '../../src/cli/schema/plan.ts'
import { normalSchema, SCHEMA_OBJECTS, type SchemaObject } from '../normal-schema.ts'
import { signInBrowser } from './support/browser.ts'
import { askForChange, checkAddresses, freshAddressBeside, typeCode } from './support/email-change.ts'
import { refreshing } from './support/refreshing.ts'
import { createService, freshAddress } from './support/service.ts'
import { createClient, redeem, requestLink, signIn } from './support/sign-in.ts'

type Row = Readonly<Record<string, unknown>>
type Tables = Readonly<Record<string, readonly Row[]>>

const { TEST_SCHEMA_0, TEST_STANDING, TEST_UPGRADE } = env as unknown as {
  TEST_SCHEMA_0: string[]
  TEST_STANDING: string[]
  TEST_UPGRADE: string[]
}
const IS_TRIGGER = /^CREATE TRIGGER/m
/** Which upgrades there were; no table of version 0. */
const NOTES = 'schema_upgrades'
/** Others refer to its rows. */
const FIRST = 'users'

const service = createService()
const { use, isLive } = refreshing(service)
const databases = service.parts.shards.all

const run = (db: D1Database, sql: readonly string[]) => db.batch(sql.map(text => db.prepare(text)))

async function objectsOf(db: D1Database): Promise<Readonly<Record<string, string>>> {
  return normalSchema((await db.prepare(SCHEMA_OBJECTS).all<SchemaObject>()).results)
}

async function tableNames(db: D1Database): Promise<string[]> {
  const { results } = await db.prepare(SCHEMA_OBJECTS).all<SchemaObject>()
  const names = results.filter(each => each.type === 'table').map(each => each.name)
  return [FIRST, ...names.filter(name => name !== FIRST && name !== NOTES)]
}

async function rowsOf(db: D1Database): Promise<Tables> {
  const names = await tableNames(db)
  const found = await db.batch<Row>(names.map(name => db.prepare(`SELECT * FROM ${name} ORDER BY 1, 2`)))
  return Object.fromEntries(names.map((name, index) => [name, found[index]?.results ?? []]))
}

/** As if the rows had been written under version 0: what that did not have is not there. Answers what is. */
async function takeBack(db: D1Database): Promise<Tables> {
  const rows = await rowsOf(db)
  const names = Object.keys(rows).reverse()
  await run(
    db,
    [NOTES, ...names].map(name => `DROP TABLE ${name}`),
  )
  const isTrigger = (sql: string) => IS_TRIGGER.test(sql)
  await run(
    db,
    TEST_SCHEMA_0.filter(sql => !isTrigger(sql)),
  )
  for (const name of await tableNames(db)) {
    const { results } = await db.prepare(`PRAGMA table_info(${name})`).all<{ name: string }>()
    const columns = results.map(column => column.name)
    const insert = `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
    for (const row of rows[name] ?? []) {
      await db
        .prepare(insert)
        .bind(...columns.map(column => row[column]))
        .run()
    }
  }
  await run(db, TEST_SCHEMA_0.filter(isTrigger))
  return rowsOf(db)
}

test('databases of version 0 become those of schema.sql with every row, and nobody notices', async () => {
  const [client, other] = [await createClient(service), await createClient(service)]
  const email = freshAddress()
  const app = await use(await signIn(service, client.client_id, email))
  const replaced = await signIn(service, other.client_id, email)
  await signIn(service, other.client_id, email)
  const owner = await signInBrowser(service, email)
  const fresh = await freshAddressBeside(service, email, 'another')
  const code = await askForChange(service, owner, fresh)
  const attempt = await requestLink(service, client.client_id, freshAddress())

  const whole = await Promise.all(databases.map(objectsOf))
  const before = await Promise.all(databases.map(takeBack))
  for (const db of databases) {
    const standing = (await run(db, TEST_STANDING)).at(-1)?.results[0] as Standing
    expect(versionOf(standing)).toBe(0)
    await run(db, TEST_UPGRADE)
  }

  expect(await Promise.all(databases.map(objectsOf))).toEqual(whole)
  const after = await Promise.all(databases.map(rowsOf))
  expect(after).toMatchObject(before)
  const kept = before.flatMap(tables => Object.keys(tables).filter(name => tables[name]?.length !== 0))
  expect(kept).toEqual(
    expect.arrayContaining([
      ...['users', 'emails', 'sessions', 'entropy_buckets', 'bucket_retirements', 'user_events', 'sign_ins'],
      ...['email_changes', 'clients', 'signing_keys'],
    ]),
  )

  expect(await isLive(await use(app))).toBe(true)
  expect(await isLive(replaced)).toBe(false)
  expect((await redeem(service, attempt)).status).toBe(200)
  expect((await typeCode(owner, code)).headers.get('Location')).toBe('/account?notice=email_changed')
  await checkAddresses(service)
})
