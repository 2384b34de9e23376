// What the Worker asks of its databases is written down, and refused where told.
import { workerSeenThrough } from './intercept.ts'

export interface Watch {
  /** The text of every statement that the Worker sent. What objects send is not seen. */
  readonly statements: string[]
  refuses: (sql: string) => boolean
  /** For `createService`. */
  readonly bindings: Record<string, D1Database>
}

export function watchDatabases(): Watch {
  const watch: Watch = {
    statements: [],
    refuses: () => false,
    bindings: workerSeenThrough(async (sql, run) => {
      // How often what was recorded is written down now and then, and is nothing that a request asks for.
      watch.statements.push(...sql.filter(each => !each.includes('record_counts')))
      if (sql.some(each => watch.refuses(each))) throw new Error('D1_ERROR: storage is away')
      return run()
    }),
  }
  return watch
}
