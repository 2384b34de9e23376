// What the answer to `users log-check` means in words.
import type { Json } from './table.ts'

const WHEN_RIGHT =
  'Only users from before an upgrade that brought digests have such entries (docs/upgrading.md); of others somebody has taken the digests away.'

/** @returns why the log is not proven to be what was written; null when it is */
export function whyUnproven({ intact, chained_from, first_broken_seq }: Json): string | null {
  if (typeof first_broken_seq === 'number') {
    return `The log is not what was written: entry ${first_broken_seq} is missing, changed or out of its place.`
  }
  if (chained_from === null) return `Nothing proves this log: no entry has a digest. ${WHEN_RIGHT}`
  if (typeof chained_from === 'number' && chained_from !== 1) {
    return `Nothing proves the entries before ${chained_from}: they have no digest. ${WHEN_RIGHT}`
  }
  return intact === true ? null : 'The answer does not say whether the log is intact: is this Latchkey?'
}
