// The rows of a move in one of its databases, table by table and page by page, in the order of their keys.
import { addressTag } from '../../tokens/address-tag.ts'
import { literal, type Row, type ShardAccess, type Value } from './access.ts'
import { type State, tagsMarked } from './fence.ts'
import type { Move } from './plan.ts'
import type { MovedTable } from './tables.ts'
import { tagSql } from './tag-sql.ts'

/** As many as one call reads and one transaction writes. */
export const PAGE_ROWS = 5_000

/** One of a move's two databases, and how it has marked the tags. */
export interface Side {
  readonly database: string
  readonly other: string
  readonly states: readonly State[]
}

export const givingSide = ({ from, to }: Move): Side => ({
  database: from,
  other: to,
  states: ['leaving', 'left'],
})
export const takingSide = ({ from, to }: Move): Side => ({
  database: to,
  other: from,
  states: ['arriving', 'arrived'],
})

export interface Page {
  readonly rows: readonly Row[]
}

/** @param after the key to go on from; null for the beginning */
export async function* movedPages(
  access: ShardAccess,
  side: Side,
  move: Move,
  table: MovedTable,
  { after = null, pageRows = PAGE_ROWS }: { after?: readonly Value[] | null; pageRows?: number } = {},
): AsyncGenerator<Page> {
  const tags = new Set(move.tags)
  let from = after
  for (;;) {
    const found = await access.query(side.database, pageSql(side, table, from, pageRows))
    const isLast = found.length < pageRows
    const rows = table.taggedBy === 'address' ? await ofTags(found, tags) : found.map(asSpent)
    yield { rows }
    if (isLast) return
    from = keyOf(table, found.at(-1) as Row)
  }
}

export const keyOf = (table: MovedTable, row: Row): readonly Value[] =>
  table.key.map(column => row[column] ?? null)

function pageSql(side: Side, table: MovedTable, after: readonly Value[] | null, pageRows: number): string {
  const key = table.key.join()
  const conditions = [
    ...(table.taggedBy === 'address'
      ? []
      : [`${tagSql(table.taggedBy, table.column)} IN ${tagsMarked(side.states, side.other)}`]),
    ...(after === null ? [] : [`(${key}) > (${after.map(literal).join()})`]),
  ]
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  return `SELECT *${table.name === 'sign_ins' ? SPENT_BY : ''} FROM ${table.name} ${where} ORDER BY ${key} LIMIT ${pageRows}`
}

/**
 * A sign-in is spent in its user's log, and bound to that user when the log is in another database (src/sign-in/
 * open-session.ts). What was spent in one database, and may now lie in two, is bound as it moves.
 */
const SPENT_BY = ", (SELECT user_id FROM user_events WHERE op_id = 'sign-in:' || sign_ins.id) AS spent_by"

function asSpent({ spent_by, ...row }: Row): Row {
  return spent_by === undefined ? row : { ...row, claimed_by: row.claimed_by ?? spent_by }
}

async function ofTags(rows: readonly Row[], tags: ReadonlySet<string>): Promise<readonly Row[]> {
  const isOfThem = await Promise.all(rows.map(async row => tags.has(await addressTag(String(row.address)))))
  return rows.filter((_, index) => isOfThem[index])
}
