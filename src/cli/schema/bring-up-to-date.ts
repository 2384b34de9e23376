// Brings databases, local or deployed, to the schema of this code.
import { UsageError } from '../settings.ts'
import { planScripts, type Schema, STANDING, type Standing, versionOf } from './plan.ts'

/** How a database is reached. Both throw UsageError. */
export interface Access {
  /** The rows of the last statement. */
  query(database: string, sql: string): Promise<readonly unknown[]>
  /** All statements or none. */
  execute(database: string, sql: string): Promise<void>
}

/** Says in a line what it does to which database. Throws UsageError, before it changes any, when one is too new. */
export async function bringUpToDate(
  access: Access,
  databases: readonly string[],
  schema: Schema,
  say: (line: string) => void,
): Promise<void> {
  const plans = []
  for (const database of databases) {
    const [standing] = await access.query(database, STANDING)
    const version = versionOf(standing as Standing | undefined)
    const scripts = planScripts(version, schema)
    if (scripts === null) {
      throw new UsageError(
        `The database ${database} is of version ${version}, and this code knows versions up to ${schema.upgrades.length}: ` +
          'use the Latchkey that upgraded it, or a later one. No database was upgraded.',
      )
    }
    plans.push(...scripts.map(script => ({ database, ...script })))
  }
  for (const { database, about, sql } of plans) {
    say(`database ${database}: ${about}`)
    await access.execute(database, sql)
  }
}
