// Sessions that began on other devices while one was there, and that nobody has spoken for: what its page asks about.
import { deviceKey, type OnDevice } from './device-groups.ts'

/** Oldest first, so that a card that joins the others moves none of them. */
export function arrivalsAfter<Live extends OnDevice>(
  currentId: string,
  live: readonly Live[],
): readonly Live[] {
  const current = live.find(({ session }) => session.id === currentId)
  if (current === undefined) return []
  const since = current.session.createdSeq
  return live
    .filter(({ session }) => session.createdSeq > since && !session.recognized)
    .filter(other => deviceKey(other) !== deviceKey(current))
    .toSorted((a, b) => a.session.createdSeq - b.session.createdSeq)
}
