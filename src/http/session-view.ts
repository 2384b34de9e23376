// A session as its user sees it: no secret, nothing finer than a city.
import * as v from 'valibot'
import type { Client } from '../domain/client.ts'
import type { Session } from '../domain/session.ts'
import { rfc3339 } from '../domain/time.ts'
import { Time } from './openapi/fields.ts'

export const Device = v.pipe(
  v.object({
    name: v.nullable(v.string()),
    kind: v.picklist(['phone', 'tablet', 'desktop', 'other']),
    os: v.nullable(v.string()),
    browser: v.nullable(v.string()),
  }),
  v.title('Device'),
)

export const Place = v.pipe(
  v.object({ country: v.nullable(v.string()), city: v.nullable(v.string()) }),
  v.title('Place'),
)

export const SessionView = v.pipe(
  v.object({
    id: v.string(),
    current: v.boolean(),
    client: v.object({
      id: v.string(),
      name: v.string(),
      kind: v.picklist(['first_party', 'third_party']),
    }),
    created_at: Time,
    last_seen_at: Time,
    expires_at: Time,
    device: Device,
    place: Place,
    signed_in_with: v.array(v.picklist(['email_link', 'email_code'])),
    started_in: v.picklist(['browser', 'app']),
  }),
  v.title('Session'),
)

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
