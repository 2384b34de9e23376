// What a live socket is told of an entry of the log.
import type { Client } from '../domain/client.ts'
import type { UserEventType } from '../domain/events.ts'
import { rfc3339 } from '../domain/time.ts'
import type { LoggedEvent } from '../store/events.ts'

const TOLD: readonly UserEventType[] = [
  'session.created',
  'session.ended',
  'sign_in.refused',
  'preference.changed',
]

export const isTold = (entry: LoggedEvent): boolean => TOLD.includes(entry.type)

/** @param client null when it was removed meanwhile, or could not be looked up */
export function liveMessage(entry: LoggedEvent, client: Client | null) {
  const { seq, type, at, reason, by, clientId } = entry
  const session = clientId === null ? null : sessionOf(entry, clientId, client)
  return { seq, type, at: rfc3339(at), reason, by, session }
}

/** `id` is null for a sign-in that was refused: it has no session. */
function sessionOf({ sessionId, device, place }: LoggedEvent, clientId: string, client: Client | null) {
  const { name, kind } = client ?? { name: clientId, kind: null }
  return { id: sessionId, client: { id: clientId, name, kind }, device, place }
}
