// Every row of every table of every shard, as text: to search for what must not be there, or to compare. Not how often each
// record was made, which says nothing of anybody and grows with every request.
import type { Service } from './service.ts'

export async function dump(service: Service): Promise<string> {
  const shards = await Promise.all(service.parts.shards.all.map(dumpOf))
  return JSON.stringify(shards, null, 1)
}

async function dumpOf(db: D1Database): Promise<Record<string, unknown[]>> {
  const tables = await db
    .prepare(
      `SELECT name FROM sqlite_master
       WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE '!_cf!_%' ESCAPE '!'
         AND name <> 'record_counts'
       ORDER BY name`,
    )
    .all<{ name: string }>()
  const names = tables.results.map(({ name }) => name)
  const rows = await db.batch(names.map(name => db.prepare(`SELECT * FROM "${name}" ORDER BY 1, 2`)))
  return Object.fromEntries(names.map((name, index) => [name, rows[index]?.results ?? []]))
}
