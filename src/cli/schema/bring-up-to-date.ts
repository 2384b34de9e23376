// Brings databases, local or deployed, to the schema of this code.
import { UsageError } from '../settings.ts'
import { planScript, type Schema, STANDING, type Standing, versionOf } from './plan.ts'

/** How a database is reached. Both throw UsageError. */
export interface Access {
  /** The rows of the last statement. */
  query(database: string, sql: string): Promise<readonly unknown[]>
  /** All statements or none. */
  execute(database: string, sql: string): Promise<void>
}

/** Says in lines what it does to which database. Throws UsageError, before it changes any, when one is too new. */
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
    const script = planScript(version, schema)
    if (script === null) {
      throw new UsageError(
        `The database ${database} is of version ${version}, and this code knows versions up to ${schema.upgrades.length}: ` +
          'use the Latchkey that upgraded it, or a later one. No database was upgraded.',
      )
    }
    plans.push({ database, ...script })
  }
  for (const { database, about, sql } of plans) {
    for (const line of about) say(`database ${database}: ${line}`)
    if (about.length > 0) await access.execute(database, sql)
  }
}
