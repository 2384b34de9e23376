// Whether a user's log is what was written: from its first entry on, a chunk at a time.
import { LOG_CHECK_CHUNK_ENTRIES } from '../domain/limits.ts'
import { type LinkedEvent, listLinkedEvents } from '../store/linked-events.ts'
import type { ChainMacs } from '../tokens/chain-keys.ts'
import { isLinked, isScrubbed } from '../tokens/event-chain.ts'

export interface LogCheck {
  /** How many entries hold, from the first on. */
  readonly entries: number
  /** The first that has a digest: those before it are of a time that knew none. null when none has. */
  readonly chainedFrom: number | null
  /** The first number whose entry is missing, changed or out of its place; null when all hold. */
  readonly firstBroken: number | null
  /** The last entry that holds. */
  readonly head: { readonly seq: number; readonly digest: string | null } | null
}

/** @param detailsSince before which an entry may have lost its details; Throws StorageUnavailable. */
export async function checkLog(
  db: D1Database,
  macsOf: ChainMacs,
  userId: string,
  detailsSince: number,
): Promise<LogCheck> {
  let chainedFrom: number | null = null
  let head: LogCheck['head'] = null
  const found = (firstBroken: number | null): LogCheck => ({
    entries: head?.seq ?? 0,
    chainedFrom,
    firstBroken,
    head,
  })
  for (;;) {
    const entries = await listLinkedEvents(db, userId, head?.seq ?? 0, LOG_CHECK_CHUNK_ENTRIES)
    for (const entry of entries) {
      const due: number = (head?.seq ?? 0) + 1
      if (entry.seq !== due || !(await holds(macsOf, userId, head?.digest ?? null, entry, detailsSince)))
        return found(due)
      if (entry.digest !== null) chainedFrom ??= entry.seq
      head = { seq: entry.seq, digest: entry.digest }
    }
    // Every log begins with the sign-in that made its user.
    if (entries.length < LOG_CHECK_CHUNK_ENTRIES) return found(head === null ? 1 : null)
  }
}

async function holds(
  macsOf: ChainMacs,
  userId: string,
  previous: string | null,
  entry: LinkedEvent,
  detailsSince: number,
): Promise<boolean> {
  if (entry.digest === null) return previous === null
  // Details go when their time is over, and not before while the user is there.
  if (isScrubbed(entry) && entry.at >= detailsSince) return false
  return isLinked(macsOf, userId, previous, entry)
}
