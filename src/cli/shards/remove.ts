// Takes a move's rows out of one of its databases, page by page. Safe to run again.
import { literal, type ShardAccess } from './access.ts'
import { readTriggers, unrefused } from './copy.ts'
import { keyOf, movedPages, PAGE_ROWS, type Side } from './moved-rows.ts'
import type { Move } from './plan.ts'
import { MOVED_TABLES, type MovedTable } from './tables.ts'

/** @returns how many rows */
export async function removeRows(
  access: ShardAccess,
  side: Side,
  move: Move,
  { pageRows = PAGE_ROWS, tables = MOVED_TABLES }: { pageRows?: number; tables?: readonly MovedTable[] } = {},
): Promise<number> {
  const triggers = await readTriggers(access, side.database)
  let removed = 0
  // What refers to a row goes before it.
  for (const table of [...tables].reverse()) {
    const condition = `(${table.key.join()})`
    for await (const { rows } of movedPages(access, side, move, table, { pageRows })) {
      if (rows.length === 0) continue
      const deletions = rows.map(
        row => `DELETE FROM ${table.name} WHERE ${condition} = (${keyOf(table, row).map(literal).join()})`,
      )
      await access.execute(side.database, unrefused(triggers, table, deletions))
      removed += rows.length
    }
  }
  return removed
}
