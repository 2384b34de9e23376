// A database that says what it was asked for: calls, and the rows of D1's own count.

export interface Cost {
  calls: number
  read: number
  written: number
}

export const noCost = (): Cost => ({ calls: 0, read: 0, written: 0 })

/** Not counted: what is folded and written once a minute, and what is looked up beside the answer. */
const BESIDE = /record_counts|FROM (?:clients|webhooks)/

export function counted(db: D1Database, cost: () => Cost): D1Database {
  const known = new WeakMap<object, { sql: string; real: D1PreparedStatement }>()
  const note = (sql: string, results: readonly D1Result[]) => {
    if (BESIDE.test(sql)) return
    const total = cost()
    total.calls += 1
    for (const { meta } of results) {
      total.read += meta.rows_read
      total.written += meta.rows_written
    }
  }
  const wrap = (sql: string, real: D1PreparedStatement): D1PreparedStatement => {
    const all = async () => {
      const result = await real.all()
      note(sql, [result])
      return result
    }
    const statement = {
      bind: (...values: unknown[]) => wrap(sql, real.bind(...values)),
      first: async () => (await all()).results[0] ?? null,
      all,
      run: all,
    } as unknown as D1PreparedStatement
    known.set(statement, { sql, real })
    return statement
  }
  return {
    prepare: (sql: string) => wrap(sql, db.prepare(sql)),
    async batch(statements: D1PreparedStatement[]) {
      const each = statements.map(statement => known.get(statement))
      const results = await db.batch(each.map(found => found?.real as D1PreparedStatement))
      note(each[0]?.sql ?? '', results)
      return results
    },
  } as unknown as D1Database
}
