// A database that has given users to another (src/cli/shards) has marked their tags. Whoever asks it for them still goes by
// the former map: that something is not there says nothing then, neither that it was forged nor that it has ended.
import { tagOf } from '../domain/ids.ts'
import { first, StorageUnavailable } from './d1.ts'

/** Asked only of what was not found. Throws StorageUnavailable if the holder of this id lives elsewhere by now. */
export async function checkNotGivenAway(db: D1Database, id: string): Promise<void> {
  // Who cannot tell takes what is missing for missing: no fault of storage may keep an alarm from being raised.
  if (await isMarked(db, tagOf(id)).catch(() => false)) throw new StorageUnavailable('another map of shards')
}

async function isMarked(db: D1Database, tag: string): Promise<boolean> {
  if ((await first(db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'shard_moves'"))) === null)
    return false
  const marked = db.prepare("SELECT 1 FROM shard_moves WHERE tag = ? AND state IN ('left', 'gone')").bind(tag)
  return (await first(marked)) !== null
}
