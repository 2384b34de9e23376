// Which tags change their database between two maps. Decides only.
import { shardTag } from '../../domain/ids.ts'
import { createShards, parseShardMap } from '../../store/shards.ts'
import { MoveRefused } from './refused.ts'
import { ALL_TAGS } from './tag-sql.ts'

/** From the database of this binding to that of another. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly tags: readonly string[]
}

/** From a tag to the binding of its database. Throws MoveRefused when `map` is none over these databases. */
export function readMap(map: string, databases: readonly string[]): (tag: string) => string {
  const bindings = Object.fromEntries(databases.map(name => [name, { prepare: name }]))
  try {
    const shards = createShards(parseShardMap(map, bindings))
    return tag => String(shards.ofTag(tag).prepare)
  } catch (error) {
    throw new MoveRefused(`${map}: ${error instanceof Error ? error.message : error}`)
  }
}

/** Throws MoveRefused when the first database would change: what is global does not move. */
export function planMoves(former: string, next: string, databases: readonly string[]): readonly Move[] {
  const [before, after] = [readMap(former, databases), readMap(next, databases)]
  if (before(shardTag(0)) !== after(shardTag(0))) {
    throw new MoveRefused(
      'The first database stays the first: clients, keys, alarms and webhooks live there and do not move.',
    )
  }
  const moves = new Map<string, Move>()
  for (const tag of ALL_TAGS) {
    const [from, to] = [before(tag), after(tag)]
    if (from === to) continue
    const key = `${from} ${to}`
    moves.set(key, { from, to, tags: [...(moves.get(key)?.tags ?? []), tag] })
  }
  return [...moves.values()]
}
