// Tokens of other parties that have been seen, until their age alone refuses them.
import { run } from './d1.ts'

/** @returns false when it was there. Throws StorageUnavailable: then it is refused, and may count as seen. */
export const insertSeenJti = async (db: D1Database, digest: string, expiresAt: number): Promise<boolean> =>
  (await run(
    db
      .prepare('INSERT INTO seen_jtis (digest, expires_at) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING')
      .bind(digest, expiresAt),
  )) === 1

export const deleteExpiredJtis = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      'DELETE FROM seen_jtis WHERE digest IN (SELECT digest FROM seen_jtis WHERE expires_at < ? LIMIT ?)',
    )
    .bind(before, limit)
