import { rfc3339 } from '../domain/time.ts'
import type { LoggedEvent } from '../store/events.ts'

/** An entry of the log as JSON. */
export function eventView(event: LoggedEvent) {
  return {
    seq: event.seq,
    type: event.type,
    at: rfc3339(event.at),
    session_id: event.sessionId,
    client_id: event.clientId,
    reason: event.reason,
    by: event.by,
    device: event.device,
    place: event.place,
  }
}
