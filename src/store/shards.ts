// From an id's tag to the database that holds the user: one function, one map.
import { SHARD_TAGS, tagOf, tagValue } from '../domain/ids.ts'

export interface Shards {
  /** Clients, keys and alarms. */
  readonly global: D1Database
  readonly all: readonly D1Database[]
  /** The database of everything about the holder of this id (`u_…`, `s_…`, `i_…`). */
  of(id: string): D1Database
  ofTag(tag: string): D1Database
  /** The name of the feed of retirements that concerns the holder of this id: the tags that its database serves. */
  feedOf(id: string): string
  /** Each feed with its database. */
  readonly feeds: ReadonlyMap<string, D1Database>
}

/** Where each database's tags begin: `[first tag value, database]`, ascending, the first at 0. */
export type ShardMap = readonly (readonly [number, D1Database])[]

/**
 * Reads `SHARDS`: names of D1 bindings in order, each with the first tag value (0 … 1023) that it serves, as
 * in `DB,DB_2@512`. One name alone serves them all. Throws on an unknown binding or an unordered map.
 */
export function parseShardMap(text: string, bindings: Readonly<Record<string, unknown>>): ShardMap {
  const map = text.split(',').map((part): [number, D1Database] => {
    const [name = '', from = '0'] = part.trim().split('@')
    const database = bindings[name]
    if (typeof database !== 'object' || database === null || !('prepare' in database)) {
      throw new Error(`SHARDS names ${name}, which is no D1 binding`)
    }
    return [Number(from), database as D1Database]
  })
  const starts = map.map(([from]) => from)
  const isAscending = starts.every((from, index) => index === 0 || from > (starts[index - 1] ?? 0))
  if (starts[0] !== 0 || !isAscending || starts.some(from => !Number.isInteger(from) || from >= SHARD_TAGS)) {
    throw new Error('SHARDS must begin at tag 0 and ascend, below 1024')
  }
  return map
}

export function createShards(map: ShardMap): Shards {
  const [first] = map
  if (first === undefined) throw new Error('a shard map without a database')
  const names = map.map(([from], index) => `${from}-${(map[index + 1]?.[0] ?? SHARD_TAGS) - 1}`)
  const indexOf = (tag: string): number => {
    const value = tagValue(tag)
    return Math.max(
      0,
      map.findLastIndex(([from]) => from <= value),
    )
  }
  const ofTag = (tag: string): D1Database => (map[indexOf(tag)] ?? first)[1]
  return {
    global: first[1],
    all: map.map(([, database]) => database),
    ofTag,
    of: id => ofTag(tagOf(id)),
    feedOf: id => names[indexOf(tagOf(id))] ?? '',
    feeds: new Map(map.map(([, database], index) => [names[index] ?? '', database])),
  }
}
