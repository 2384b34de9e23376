// Whether a map sends anybody to a database that has nothing of theirs: then they would be signed out, and their own tokens
// would look like forged ones.
import type { ShardAccess } from './access.ts'
import { readMarks } from './fence.ts'
import { readMap } from './plan.ts'
import { tagSql } from './tag-sql.ts'

/** @returns a line for each database that has users whom `map` gives to another, which does not have them */
export async function findMisplaced(
  access: Pick<ShardAccess, 'query'>,
  databases: readonly string[],
  map: string,
): Promise<readonly string[]> {
  const home = readMap(map, databases)
  const lines: string[] = []
  for (const database of databases) {
    // One that was just made has nobody, and no tables yet.
    const [has] = await access.query(database, "SELECT 1 FROM sqlite_schema WHERE name = 'users'")
    if (has === undefined) continue
    const marks = new Map((await readMarks(access, database)).map(mark => [mark.tag, mark]))
    const held = await access.query(database, `SELECT DISTINCT ${tagSql('id', 'id')} AS tag FROM users`)
    const abroad = held.map(({ tag }) => String(tag)).filter(tag => home(tag) !== database)
    // A copy, or what was left behind, is not the truth.
    const theirs = abroad.filter(tag => [undefined, 'leaving'].includes(marks.get(tag)?.state))
    const missing: string[] = []
    for (const [to, tags] of Map.groupBy(theirs, home)) {
      const arrived = new Set(
        (await readMarks(access, to))
          .filter(({ state, other }) => state === 'arrived' && other === database)
          .map(({ tag }) => tag),
      )
      missing.push(...tags.filter(tag => !arrived.has(tag)))
    }
    if (missing.length > 0)
      lines.push(`${database} has the users of ${missing.length} tags that the map gives to another`)
  }
  return lines
}
