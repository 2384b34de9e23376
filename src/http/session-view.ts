// A session as its user sees it: no secret, nothing finer than a city.
import type { Client } from '../domain/client.ts'
import type { Session } from '../domain/session.ts'
import { rfc3339 } from '../domain/time.ts'

/** @param client null when it was removed meanwhile */
export function sessionView(session: Session, client: Client | null, currentSessionId: string | null) {
  return {
    id: session.id,
    current: session.id === currentSessionId,
    client: { id: session.clientId, name: client?.name ?? session.clientId, kind: session.clientKind },
    created_at: rfc3339(session.createdAt),
    last_seen_at: rfc3339(session.lastSeenAt),
    expires_at: rfc3339(session.expiresAt),
    device: session.device,
    place: session.place,
    signed_in_with: session.signedInWith,
    started_in: session.startedIn,
  }
}
