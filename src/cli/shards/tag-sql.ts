// The tag of a row, as SQL: what src/domain/ids.ts says of ids and digests.
import { SHARD_TAGS, shardTag } from '../../domain/ids.ts'

/** Five bits a character; the first of a tag's two changes every 32 tags. */
const TAG_CHARS = Array.from({ length: 32 }, (_, value) => shardTag(value)[1]).join('')
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export const ALL_TAGS: readonly string[] = Array.from({ length: SHARD_TAGS }, (_, value) => shardTag(value))

/** @param column SQL for the value */
export function tagSql(taggedBy: 'id' | 'digest', column: string): string {
  if (taggedBy === 'id') return `substr(${column}, 3, 2)`
  // The low ten bits of the digest's first two bytes: all of its second character, and four bits of its third.
  const sixBits = (position: number) => `(instr('${BASE64URL}', substr(${column}, ${position}, 1)) - 1)`
  const fiveBits = (value: string) => `substr('${TAG_CHARS}', (${value}) + 1, 1)`
  const high = `${sixBits(2)} >> 1`
  const low = `((${sixBits(2)} & 1) << 4) | (${sixBits(3)} >> 2)`
  return `(${fiveBits(high)} || ${fiveBits(low)})`
}
