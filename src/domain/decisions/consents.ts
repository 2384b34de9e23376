// What a user lets third-party apps do, and no longer.
import type { AccountResult, GrantConsent, UserState, WithdrawConsent } from '../commands.ts'
import { isConsentTo } from '../consent.ts'
import { unionScope } from '../scope.ts'
import { type Decision, type Draft, inSequence, nothing } from './decision.ts'
import { ended, isActorLive, split } from './sessions.ts'

export function grantConsent(state: UserState, command: GrantConsent, now: number): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  if (!isActorLive(split(state.sessions, now).live, command.by)) return nothing({ tag: 'actor_gone' })
  const client = { clientId: command.clientId, since: command.clientSince }
  const former = state.consents.find(consent => isConsentTo(client, consent))
  const scope = unionScope(former?.scope ?? '', command.scope)
  const draft: Draft = { type: 'consent.granted', at: now, by: command.by, clientId: command.clientId, scope }
  return { events: inSequence(state, command.opId, [draft]), result: { tag: 'changed' } }
}

export function withdrawConsent(
  state: UserState,
  command: WithdrawConsent,
  now: number,
): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  const { by, clientId } = command
  const { live, expired } = split(state.sessions, now)
  if (!isActorLive(live, by)) return nothing({ tag: 'actor_gone' })
  const ofClient = live.filter(
    session => session.clientId === clientId && session.clientKind === 'third_party',
  )
  const isKnown = state.consents.some(consent => consent.clientId === clientId)
  if (!isKnown && ofClient.length === 0) return nothing({ tag: 'changed' })
  const drafts: Draft[] = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...ofClient.map(ended('consent_withdrawn', by, now)),
    { type: 'consent.withdrawn', at: now, by, clientId },
  ]
  return { events: inSequence(state, command.opId, drafts), result: { tag: 'changed' } }
}
