// Copies a move's rows into the database that takes them. Each page is one transaction with the note of how far it goes, so
// whoever stops in the middle goes on from there, and no row comes twice.
import { literal, type Row, type ShardAccess, type Value } from './access.ts'
import { givingSide, movedPages, PAGE_ROWS } from './moved-rows.ts'
import type { Move } from './plan.ts'
import { MOVED_TABLES, type MovedTable } from './tables.ts'

/** The fence has to be up. @returns how many rows this call has copied */
export async function copyRows(access: ShardAccess, move: Move, pageRows = PAGE_ROWS): Promise<number> {
  let copied = 0
  for (const table of MOVED_TABLES) copied += await copyTable(access, move, table, pageRows)
  return copied
}

async function copyTable(
  access: ShardAccess,
  move: Move,
  table: MovedTable,
  pageRows: number,
): Promise<number> {
  const [note] = await access.query(
    move.to,
    `SELECT after, is_done FROM shard_copies WHERE source = ${literal(move.from)} AND name = '${table.name}'`,
  )
  if (note?.is_done === 1) return 0
  const after = typeof note?.after === 'string' ? (JSON.parse(note.after) as Value[]) : null
  let copied = 0
  for await (const { rows, upTo } of movedPages(access, givingSide(move), move, table, { after, pageRows })) {
    await writeUnrefused(access, move.to, table, [
      ...rows.map(row => insertion(table, row)),
      `INSERT OR REPLACE INTO shard_copies (source, name, after, is_done) VALUES (${literal(move.from)},
       '${table.name}', ${literal(upTo === null ? null : JSON.stringify(upTo))}, ${upTo === null ? 1 : 0})`,
    ])
    copied += rows.length
  }
  return copied
}

const insertion = (table: MovedTable, row: Row): string =>
  `INSERT INTO ${table.name} (${Object.keys(row).join()}) VALUES (${Object.values(row).map(literal).join()})`

/**
 * In one transaction without the table's triggers, which refuse what is moved: the fence, and rules that held when a row was
 * first written, as that a bucket's session is live. Nobody else writes in between.
 */
export async function writeUnrefused(
  access: ShardAccess,
  database: string,
  table: MovedTable,
  statements: readonly string[],
): Promise<void> {
  const triggers = await access.query(
    database,
    `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '${table.name}'`,
  )
  await access.execute(database, [
    ...triggers.map(({ name }) => `DROP TRIGGER ${name}`),
    ...statements,
    ...triggers.map(({ sql }) => String(sql)),
  ])
}
