// What is decided about the account itself: its preferences, its address, whether it may be used.
import type { AccountResult, ChangeEmail, SetDisabled, SetPreferences, UserState } from '../commands.ts'
import type { Actor } from '../events.ts'
import { changedPreferences, samePreferences } from '../preferences.ts'
import { type Decision, type Draft, inSequence, nothing } from './decision.ts'
import { ended, isActorLive, split } from './sessions.ts'

export function setPreferences(
  state: UserState,
  command: SetPreferences,
  now: number,
): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  if (!isActorLive(split(state.sessions, now).live, command.by)) return nothing({ tag: 'actor_gone' })
  const preferences = changedPreferences(state.user.preferences, command.preferences)
  if (samePreferences(state.user.preferences, preferences)) return nothing({ tag: 'changed' })
  const draft: Draft = { type: 'preference.changed', at: now, by: command.by, preferences }
  return { events: inSequence(state, command.opId, [draft]), result: { tag: 'changed' } }
}

export function setDisabled(state: UserState, command: SetDisabled, now: number): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  if ((state.user.disabledAt !== null) === command.disabled) return nothing({ tag: 'changed' })
  const by: Actor = { kind: 'operator' }
  const { live, expired } = split(state.sessions, now)
  const drafts: Draft[] = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...(command.disabled ? live.map(ended('user_disabled', by, now)) : []),
    { type: command.disabled ? 'user.disabled' : 'user.enabled', at: now, by },
  ]
  return { events: inSequence(state, command.opId, drafts), result: { tag: 'changed' } }
}

export function changeEmail(state: UserState, command: ChangeEmail, now: number): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  if (!isActorLive(split(state.sessions, now).live, command.by)) return nothing({ tag: 'actor_gone' })
  const { by, email, notice } = command
  const draft: Draft = { type: 'email.changed', at: now, by, email, notice }
  return { events: inSequence(state, command.opId, [draft]), result: { tag: 'changed' } }
}
