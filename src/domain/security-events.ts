// The names that others have for what happens here: CAEP 1.0, RISC 1.0 and the Shared Signals Framework where they have
// one, a name of our own where they have none. What is added to the log must be added here.
import type { UserEventType } from './events.ts'

/** What a webhook can be told: entries of a user's log, alarms, and that it is there. */
export type WebhookEventType = UserEventType | 'alarm.raised' | 'webhook.test'

const caep = (name: string) => `https://schemas.openid.net/secevent/caep/event-type/${name}`
const risc = (name: string) => `https://schemas.openid.net/secevent/risc/event-type/${name}`
const own = (name: string) => `urn:latchkey:event-type:${name}`

export const SECURITY_EVENTS: Readonly<Record<WebhookEventType, string>> = {
  'session.created': caep('session-established'),
  'session.ended': caep('session-revoked'),
  'sign_in.refused': own('sign-in-refused'),
  'preference.changed': own('preference-changed'),
  // What a client may do for the user: the scope of its tokens.
  'consent.granted': caep('token-claims-change'),
  'consent.withdrawn': caep('token-claims-change'),
  'email.changed': risc('identifier-changed'),
  'user.disabled': risc('account-disabled'),
  'user.enabled': risc('account-enabled'),
  'user.deleted': risc('account-purged'),
  'alarm.raised': own('alarm-raised'),
  'webhook.test': 'https://schemas.openid.net/secevent/ssf/event-type/verification',
}

export const WEBHOOK_EVENT_TYPES = Object.keys(SECURITY_EVENTS) as readonly WebhookEventType[]
