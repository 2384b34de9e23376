// What every decision is made of: a result, and the events in their sequence.
import type { SessionsState } from '../commands.ts'
import type { UserEvent } from '../events.ts'

export interface Decision<Result> {
  readonly events: readonly UserEvent[]
  readonly result: Result
}

/** An event before it has its place in the log. */
export type Draft = UserEvent extends infer E
  ? E extends UserEvent
    ? Omit<E, 'seq' | 'opId' | 'firstSeq'>
    : never
  : never

export const nothing = <Result>(result: Result): Decision<Result> => ({ events: [], result })

/** The events in the order of the log; the last one is what the command was about and carries its opId. */
export function inSequence(
  { lastSeq }: Pick<SessionsState, 'lastSeq'>,
  opId: string,
  drafts: readonly Draft[],
): readonly UserEvent[] {
  const firstSeq = lastSeq + 1
  return drafts.map((draft, index): UserEvent => {
    const isCause = index === drafts.length - 1
    const cause = isCause ? { opId, firstSeq } : { opId: null, firstSeq: null }
    return { ...draft, ...cause, seq: firstSeq + index }
  })
}
