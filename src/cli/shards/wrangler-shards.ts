// The databases by way of `wrangler d1 execute`, the local ones or the deployed ones.
import { createWranglerAccess, type Wrangler } from '../schema/wrangler-access.ts'
import type { ShardAccess } from './access.ts'

/** @param where `--remote`, or `--local` with what says where */
export function createShardAccess(wrangler: Wrangler, where: readonly string[]): ShardAccess {
  const access = createWranglerAccess(wrangler, where)
  return {
    query: async (database, sql) => (await access.query(database, sql)) as never[],
    execute: (database, statements) => access.execute(database, `${statements.join(';\n')};\n`),
  }
}
