// Sessions that began on other devices while one was there: what its page asks about, until somebody has spoken for them
// in it or before it. What was said in a later session silences nothing here: that one may be the stranger's own.
import { deviceKeysAmong, type OnDevice } from './device-groups.ts'
import type { Session } from './session.ts'

/** Oldest first, so that a card that joins the others moves none of them. */
export function arrivalsAfter<Live extends OnDevice>(
  currentId: string,
  live: readonly Live[],
): readonly Live[] {
  const current = live.find(({ session }) => session.id === currentId)
  if (current === undefined) return []
  const keyOf = deviceKeysAmong(live)
  const since = current.session.createdSeq
  return live
    .filter(({ session }) => session.createdSeq > since && !isSpokenFor(session, since))
    .filter(other => keyOf(other) !== keyOf(current))
    .toSorted((a, b) => a.session.createdSeq - b.session.createdSeq)
}

const isSpokenFor = ({ recognizedFrom }: Session, since: number): boolean =>
  recognizedFrom !== null && recognizedFrom <= since
