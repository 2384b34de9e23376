// The real databases behind a hatch: what the Worker asks of them is written down, and fails where told.
import { env } from 'cloudflare:workers'

export interface Watch {
  /** The text of every statement that the Worker sent. */
  readonly statements: string[]
  /** What D1 says instead of doing as it is asked. */
  refuses: (sql: string) => boolean
  /** What D1 never answers. */
  hangs: (sql: string) => boolean
  /** Changes the row that a read of one row finds. */
  rewrites: (sql: string, row: unknown) => unknown
  /** To be given to `createService`. */
  readonly bindings: Record<string, unknown>
}

type Statement = D1PreparedStatement

/** Objects have bindings of their own: what they do is not seen here. */
export function watchDatabases(): Watch {
  const real = env as unknown as Record<string, D1Database>
  const watch: Watch = {
    statements: [],
    refuses: () => false,
    hangs: () => false,
    rewrites: (_, row) => row,
    bindings: {},
  }
  for (const name of ['DB', 'DB_1', 'DB_2']) {
    const db = real[name]
    if (db !== undefined) watch.bindings[name] = watched(db, watch)
  }
  return watch
}

function watched(db: D1Database, watch: Watch) {
  const inner = new WeakMap<object, { statement: Statement; sql: string }>()

  const admit = async (sql: string): Promise<void> => {
    watch.statements.push(sql)
    if (watch.refuses(sql)) throw new Error('D1_ERROR: storage is away')
    if (watch.hangs(sql)) await new Promise(() => undefined)
  }

  const wrap = (statement: Statement, sql: string): object => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values), sql),
      first: async () => {
        await admit(sql)
        return watch.rewrites(sql, await statement.first())
      },
      all: async () => {
        await admit(sql)
        return statement.all()
      },
      run: async () => {
        await admit(sql)
        return statement.run()
      },
    }
    inner.set(wrapped, { statement, sql })
    return wrapped
  }

  return {
    prepare: (sql: string) => wrap(db.prepare(sql), sql),
    batch: async (statements: object[]) => {
      const raw = statements.map(each => {
        const found = inner.get(each)
        if (found === undefined) throw new Error('a statement of another database')
        return found
      })
      for (const { sql } of raw) await admit(sql)
      return db.batch(raw.map(({ statement }) => statement))
    },
  }
}
