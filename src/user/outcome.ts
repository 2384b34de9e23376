// What a call to the user's object can come to, beside the decision's own result. Tagged values: an error
// thrown across RPC arrives as a plain Error and would lose its meaning.
import type { LoggedEvent } from '../store/events.ts'

export type Outcome<Result> =
  | Result
  /** The link or code was used before, by somebody else's request or an earlier one. */
  | { readonly tag: 'spent'; readonly userId: string; readonly sessionId: string | null }
  /** The address got a user meanwhile. */
  | { readonly tag: 'address_taken' }
  | Unavailable

/** An outcome, with the entries of the log that it stands for: the Worker records what its request has brought about. */
export type Reported<Result> = Outcome<Result> & {
  readonly report: {
    readonly entries: readonly Pick<
      LoggedEvent,
      'type' | 'seq' | 'sessionId' | 'clientId' | 'reason' | 'by'
    >[]
    /** Whether they were there before this call. */
    readonly isRepeat: boolean
  }
}

/** Storage did not answer; whether the change happened is unknown. The same opId may be tried again. */
export interface Unavailable {
  readonly tag: 'unavailable'
}
