// Copies a move's rows into the database that takes them. Each page is one transaction with the note of how far it goes, so
// whoever stops in the middle goes on from there, and no row comes twice.
import { literal, type Row, type ShardAccess, type Value } from './access.ts'
import { givingSide, keyOf, movedPages, PAGE_ROWS } from './moved-rows.ts'
import type { Move } from './plan.ts'
import { MOVED_TABLES, type MovedTable } from './tables.ts'

/** The fence has to be up. @returns how many rows this call has copied */
export async function copyRows(access: ShardAccess, move: Move, pageRows = PAGE_ROWS): Promise<number> {
  const source = literal(move.from)
  const notes = await access.query(move.to, `SELECT name, after FROM shard_copies WHERE source = ${source}`)
  const reached = new Map(
    notes.map(({ name, after }) => [String(name), JSON.parse(String(after)) as Value[]]),
  )
  const triggers = await readTriggers(access, move.to)
  let copied = 0
  for (const table of MOVED_TABLES) {
    const from = { after: reached.get(table.name) ?? null, pageRows }
    for await (const { rows } of movedPages(access, givingSide(move), move, table, from)) {
      const last = rows.at(-1)
      if (last === undefined) continue
      const after = literal(JSON.stringify(keyOf(table, last)))
      const note = `INSERT OR REPLACE INTO shard_copies (source, name, after) VALUES (${source}, '${table.name}', ${after})`
      const insertions = rows.map(row => insertion(table, row))
      await access.execute(move.to, unrefused(triggers, table, [...insertions, note]))
      copied += rows.length
    }
  }
  return copied
}

const insertion = (table: MovedTable, row: Row): string =>
  `INSERT INTO ${table.name} (${Object.keys(row).join()}) VALUES (${Object.values(row).map(literal).join()})`

/** The triggers of a database, each with its table. */
export const readTriggers = (access: ShardAccess, database: string): Promise<readonly Row[]> =>
  access.query(database, "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'")

/**
 * One transaction without the table's triggers, which refuse what is moved: the fence, and rules that held when a row was
 * first written, as that a bucket's session is live. Nobody else writes in between.
 */
export function unrefused(
  triggers: readonly Row[],
  table: MovedTable,
  statements: readonly string[],
): readonly string[] {
  const its = triggers.filter(({ tbl_name }) => tbl_name === table.name)
  return [
    ...its.map(({ name }) => `DROP TRIGGER ${name}`),
    ...statements,
    ...its.map(({ sql }) => String(sql)),
  ]
}
