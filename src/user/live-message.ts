// What a live socket is told of an entry of the log.
import type { Client } from '../domain/client.ts'
import type { Actor, UserEventType } from '../domain/events.ts'
import { rfc3339 } from '../domain/time.ts'
import type { LoggedEvent } from '../store/events.ts'

const TOLD: readonly UserEventType[] = [
  'session.created',
  'session.ended',
  'sign_in.refused',
  'preference.changed',
]

export const isTold = (entry: LoggedEvent): boolean => TOLD.includes(entry.type)

/** An entry and the client that it is about; `client` is null when it was removed meanwhile, or could not be looked up. */
export interface Told {
  readonly entry: LoggedEvent
  readonly client: Client | null
}

/** @param ender what the log says of the session that ended this one: whoever is signed out can ask no more who that was */
export function liveMessage({ entry, client }: Told, ender: Told | null) {
  const { seq, type, at, reason, clientId } = entry
  const session = clientId === null ? null : { id: entry.sessionId, ...placed(entry, clientId, client) }
  return { seq, type, at: rfc3339(at), reason, by: actorOf(entry.by, ender), session }
}

function actorOf(by: Actor, ender: Told | null) {
  const clientId = ender?.entry.clientId ?? null
  return ender === null || clientId === null ? by : { ...by, ...placed(ender.entry, clientId, ender.client) }
}

/** The session's `id` beside it is null for a sign-in that was refused: it has no session. */
function placed({ device, place }: LoggedEvent, clientId: string, client: Client | null) {
  const { name, kind } = client ?? { name: clientId, kind: null }
  return { client: { id: clientId, name, kind }, device, place }
}
