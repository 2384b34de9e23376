// Deleting the account: everything ends, and the log closes.
import type { AccountResult, DeleteAccount, UserState } from '../commands.ts'
import { type Decision, type Draft, inSequence, nothing } from './decision.ts'
import { ended, isActorLive, split } from './sessions.ts'

export function deleteAccount(
  state: UserState,
  command: DeleteAccount,
  now: number,
): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  const { by, reason, notice } = command
  const { live, expired } = split(state.sessions, now)
  if (!isActorLive(live, by)) return nothing({ tag: 'actor_gone' })
  const drafts: Draft[] = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...live.map(ended(reason, by, now)),
    { type: 'user.deleted', at: now, by, notice },
  ]
  return { events: inSequence(state, command.opId, drafts), result: { tag: 'changed' } }
}
