import { readSchema } from '../../src/cli/schema/read-schema.ts'
import type { Instance } from './instance.ts'

/** A new database, as schema.sql has it. */
export async function applySchema({ simulator }: Instance): Promise<void> {
  const db = await simulator.getD1Database('DB', 'service')
  for (const statement of statementsOf(readSchema().whole)) await db.prepare(statement).run()
}

/** A trigger has statements of its own, and ends with END. */
function statementsOf(sql: string): string[] {
  const statements: string[] = []
  let current = ''
  for (const line of sql.replace(/^\s*--.*$/gm, '').split('\n')) {
    current += `${line}\n`
    const isInTrigger = /CREATE TRIGGER/.test(current) && !/^END;/m.test(current)
    if (line.trimEnd().endsWith(';') && !isInTrigger) {
      statements.push(current)
      current = ''
    }
  }
  return statements
}
