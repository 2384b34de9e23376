import * as v from 'valibot'
import type { UserEventType } from '../domain/events.ts'
import { rfc3339 } from '../domain/time.ts'
import type { LoggedEvent } from '../store/events.ts'
import { Count, NullableText, Time } from './openapi/fields.ts'
import { Device, Place } from './session-view.ts'

const TYPES = [
  'session.created',
  'session.ended',
  'sign_in.refused',
  'preference.changed',
  'consent.granted',
  'consent.withdrawn',
  'email.changed',
  'user.disabled',
  'user.enabled',
  'user.deleted',
] as const satisfies readonly UserEventType[]

export const EventView = v.pipe(
  v.object({
    seq: Count,
    type: v.picklist(TYPES),
    at: Time,
    session_id: NullableText,
    client_id: NullableText,
    reason: NullableText,
    by: v.object({
      kind: v.picklist(['session', 'notice', 'operator', 'system']),
      session_id: v.optional(v.string()),
    }),
    device: v.nullable(Device),
    place: v.nullable(Place),
  }),
  v.title('Event'),
)

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
