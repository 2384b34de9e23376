// Upgrades on SQLite itself: where they lead, and what is done to which database. On D1, with rows: test/worker.
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { type Access, bringUpToDate } from '../../src/cli/schema/bring-up-to-date.ts'
import { readSchema } from '../../src/cli/schema/read-schema.ts'
import { normalSchema, SCHEMA_OBJECTS, type SchemaObject } from '../normal-schema.ts'

const schema = readSchema()
const latest = schema.upgrades.length
const VERSION_0 = readFileSync('test/schema-0.sql', 'utf8')

const made = (sql = ''): DatabaseSync => {
  const db = new DatabaseSync(':memory:')
  db.exec(sql)
  return db
}

/** As wrangler does it: a text is one transaction. */
const accessTo = (databases: Readonly<Record<string, DatabaseSync>>): Access => ({
  query: async (name, sql) => {
    const [before = '', last = ''] = sql.split(/;\n(?=SELECT)/)
    databases[name]?.exec(before)
    return databases[name]?.prepare(last).all() ?? []
  },
  execute: async (name, sql) => {
    databases[name]?.exec('BEGIN')
    try {
      databases[name]?.exec(`${sql}\nCOMMIT`)
    } catch (error) {
      databases[name]?.exec('ROLLBACK')
      throw error
    }
  },
})

/** What it said. */
async function bring(databases: Readonly<Record<string, DatabaseSync>>, to = schema): Promise<string[]> {
  const said: string[] = []
  await bringUpToDate(accessTo(databases), Object.keys(databases), to, line => said.push(line))
  return said
}

const objectsOf = (db: DatabaseSync) =>
  normalSchema(db.prepare(SCHEMA_OBJECTS).all() as unknown as SchemaObject[])
const versionsOf = (db: DatabaseSync) =>
  db
    .prepare('SELECT version FROM schema_upgrades ORDER BY version')
    .all()
    .map(row => row.version)
const allVersions = schema.upgrades.map(({ version }) => version)

describe('the upgrades', () => {
  test('lead from version 0 to schema.sql; what changes there needs another in src/cli/schema/upgrades', async () => {
    const db = made(VERSION_0)
    expect(await bring({ db })).toEqual(
      schema.upgrades.map(({ version, about }) => `database db: upgrade ${version}: ${about}`),
    )
    expect(objectsOf(db)).toEqual(objectsOf(made(schema.whole)))
    expect(versionsOf(db)).toEqual(allVersions)
  })

  test('are noted in a new database, which gets schema.sql alone', async () => {
    const db = made()
    expect(await bring({ db })).toEqual(['database db: new, gets schema.sql'])
    expect(objectsOf(db)).toEqual(objectsOf(made(schema.whole)))
    expect(versionsOf(db)).toEqual(allVersions)
  })

  test('are applied once', async () => {
    const db = made(VERSION_0)
    await bring({ db })
    expect(await bring({ db })).toEqual([])
    expect(versionsOf(db)).toEqual(allVersions)
  })
})

describe('bringing databases up to date', () => {
  const next = { version: latest + 1, about: 'a colour', sql: 'ALTER TABLE users ADD COLUMN colour TEXT;' }
  const later = { ...schema, upgrades: [...schema.upgrades, next] }

  test('gives each what it lacks, and no more', async () => {
    const databases = { old: made(VERSION_0), current: made(), next: made(VERSION_0) }
    await bring({ current: databases.current })
    await bring({ next: databases.next }, later)
    const said = await bring(databases, later)
    expect(said.filter(line => line.startsWith('database old:'))).toHaveLength(latest + 1)
    expect(said.slice(-1)).toEqual([`database current: upgrade ${latest + 1}: a colour`])
    for (const db of Object.values(databases)) expect(versionsOf(db)).toEqual([...allVersions, latest + 1])
  })

  test('refuses one of a later version, and touches none', async () => {
    const databases = { old: made(VERSION_0), tooNew: made() }
    await bring({ tooNew: databases.tooNew }, later)
    await expect(bring(databases)).rejects.toThrow(
      `tooNew is of version ${latest + 1}, and this code knows versions up to ${latest}`,
    )
    expect(versionsOf(databases.old)).toEqual([])
    expect(objectsOf(databases.old)).not.toHaveProperty('table log_sweep (log_sweep)')
  })

  test('leaves one as it was when an upgrade fails half-way, to be tried again', async () => {
    const db = made()
    await bring({ db })
    const before = objectsOf(db)
    const failing = { ...next, sql: `${next.sql}\nALTER TABLE nothing ADD COLUMN colour TEXT;` }
    const broken = { ...schema, upgrades: [...schema.upgrades, failing] }
    await expect(bring({ db }, broken)).rejects.toThrow('nothing')
    expect(objectsOf(db)).toEqual(before)
    expect(versionsOf(db)).toEqual(allVersions)
    await bring({ db }, later)
    expect(versionsOf(db)).toEqual([...allVersions, latest + 1])
  })
})
