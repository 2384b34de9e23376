// Whether both databases of a move have the same rows, every column of them.
import type { Row, ShardAccess } from './access.ts'
import { givingSide, movedPages, PAGE_ROWS, type Side, takingSide } from './moved-rows.ts'
import type { Move } from './plan.ts'
import { MOVED_TABLES, type MovedTable } from './tables.ts'

/** @returns names of the tables that differ */
export async function findDifferences(
  access: ShardAccess,
  move: Move,
  pageRows = PAGE_ROWS,
): Promise<readonly string[]> {
  const different: string[] = []
  for (const table of MOVED_TABLES) {
    const read = (side: Side) => rowsOf(access, side, move, table, pageRows)
    if (!(await areEqual(read(givingSide(move)), read(takingSide(move))))) different.push(table.name)
  }
  return different
}

async function* rowsOf(access: ShardAccess, side: Side, move: Move, table: MovedTable, pageRows: number) {
  for await (const { rows } of movedPages(access, side, move, table, { pageRows })) yield* rows
}

async function areEqual(some: AsyncIterator<Row>, others: AsyncIterator<Row>): Promise<boolean> {
  for (;;) {
    const [one, other] = await Promise.all([some.next(), others.next()])
    if (one.done && other.done) return true
    if (one.done || other.done || textOf(one.value) !== textOf(other.value)) return false
  }
}

/** Columns may stand in another order where a database was upgraded. */
const textOf = (row: Row): string => JSON.stringify(Object.entries(row).sort())
