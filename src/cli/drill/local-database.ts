// Every row of the local databases, read once from their files, on which an instance may be running.
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { UsageError } from '../settings.ts'

export type Row = Readonly<Record<string, unknown>>
export type Tables = Readonly<Record<string, readonly Row[]>>

const D1_FILES = 'v3/d1/miniflare-D1DatabaseObject'
const OUR_TABLES = `SELECT name FROM sqlite_schema
  WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_%' ESCAPE '\\'`
const everyRowOf = (table: string): string => `SELECT * FROM "${table}"`
const ONE_SNAPSHOT = 'BEGIN'

/** The tables of all shards together. Throws UsageError when there is no local instance. */
export function readLocalTables(stateDir: string): Tables {
  const directory = resolve(stateDir, D1_FILES)
  const files = existsSync(directory)
    ? readdirSync(directory).filter(name => name.endsWith('.sqlite') && name !== 'metadata.sqlite')
    : []
  const tables: Record<string, Row[]> = {}
  for (const file of files) {
    for (const [table, rows] of readTables(resolve(directory, file))) {
      tables[table] = [...(tables[table] ?? []), ...rows]
    }
  }
  if (tables.signing_keys === undefined) {
    throw new UsageError(`There is no local instance in ${stateDir}: start one first, with npm run dev.`)
  }
  return tables
}

function readTables(file: string): [table: string, rows: Row[]][] {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    db.exec(ONE_SNAPSHOT)
    const names = db.prepare(OUR_TABLES).all() as { name: string }[]
    return names.map(({ name }) => [name, db.prepare(everyRowOf(name)).all()])
  } finally {
    db.close()
  }
}
