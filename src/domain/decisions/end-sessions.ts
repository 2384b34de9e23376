// Ending sessions: which of them a selection means, and who may.
import type { EndResult, EndSessions, SessionSelection, SessionsState } from '../commands.ts'
import type { Actor } from '../events.ts'
import type { Session } from '../session.ts'
import { type Decision, inSequence, nothing } from './decision.ts'
import { ended, isActorLive, split } from './sessions.ts'

export function endSessions(state: SessionsState, command: EndSessions, now: number): Decision<EndResult> {
  const { live, expired } = split(state.sessions, now)
  const { by, selection } = command
  if (!isActorLive(live, by)) return nothing({ tag: 'actor_gone' })
  const chosen = live.filter(isSelected(selection, by, live))
  if ('sessionId' in selection && chosen.length === 0) return nothing({ tag: 'not_found' })
  const drafts = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...chosen.map(ended(command.reason, by, now)),
  ]
  return {
    events: inSequence(state, command.opId, drafts),
    result: { tag: 'ended', sessions: chosen.map(session => session.id) },
  }
}

function isSelected(
  selection: SessionSelection,
  by: Actor,
  live: readonly Session[],
): (session: Session) => boolean {
  const isActor = (session: Session) => by.kind === 'session' && session.id === by.session_id
  switch (selection.kind) {
    case 'one':
      return session => session.id === selection.sessionId
    case 'arrival': {
      const since = live.find(isActor)?.createdSeq ?? Number.POSITIVE_INFINITY
      return session => session.id === selection.sessionId && session.createdSeq > since
    }
    case 'listed':
      return session => selection.sessionIds.includes(session.id)
    case 'others':
      return session =>
        !isActor(session) && (selection.clientId === null || session.clientId === selection.clientId)
    case 'all':
      return session => selection.includeApps || session.clientKind === 'first_party' || isActor(session)
    case 'client':
      return session => session.clientId === selection.clientId
    case 'expired':
      return () => false
  }
}
