// A user's sessions as the decisions see them: which live, who acts in one, how one ends.
import type { Actor, EndReason, SessionEnded } from '../events.ts'
import { isLive, type Session } from '../session.ts'

export function split(sessions: readonly Session[], now: number) {
  return {
    live: sessions.filter(session => isLive(session, now)),
    expired: sessions.filter(session => !isLive(session, now)),
  }
}

export function isActorLive(live: readonly Session[], by: Actor): boolean {
  return by.kind !== 'session' || live.some(session => session.id === by.session_id)
}

export const ended =
  (reason: EndReason, by: Actor, at: number) =>
  (session: Session): Omit<SessionEnded, 'seq' | 'opId' | 'firstSeq'> => ({
    type: 'session.ended',
    at,
    by,
    sessionId: session.id,
    clientId: session.clientId,
    reason,
    device: session.device,
    place: session.place,
  })
