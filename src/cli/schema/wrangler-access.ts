// Databases by way of `wrangler d1 execute`. What it takes from a file is one transaction: a batch on this machine, and an
// import at Cloudflare, which leaves a database as it was when it fails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Access } from './bring-up-to-date.ts'

/** A call of wrangler with these arguments. Throws UsageError when it fails. */
export interface Wrangler {
  /** Answers what it prints. */
  ask(args: readonly string[]): Promise<string>
  run(args: readonly string[]): Promise<void>
}

/** `where` are the options that say which database of a name is meant: the local one, or the deployed one. */
export function createWranglerAccess(wrangler: Wrangler, where: readonly string[]): Access {
  const execute = (database: string) => ['d1', 'execute', database, ...where, '--yes']
  return {
    query: async (database, sql) =>
      rowsIn(await wrangler.ask([...execute(database), '--json', '--command', sql])),
    execute: async (database, sql) => {
      const directory = mkdtempSync(join(tmpdir(), 'latchkey-schema-'))
      const file = join(directory, 'script.sql')
      try {
        writeFileSync(file, sql)
        await wrangler.run([...execute(database), '--file', file])
      } finally {
        rmSync(directory, { recursive: true })
      }
    },
  }
}

/** The JSON stands between lines of its own; what else was printed is around it. */
function rowsIn(output: string): readonly unknown[] {
  const json = /^\[$.*^\]$/ms.exec(output)?.[0]
  if (json === undefined) throw new Error(`wrangler printed no rows:\n${output}`)
  return (JSON.parse(json) as { results: unknown[] }[]).at(-1)?.results ?? []
}
