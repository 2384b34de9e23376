// What is recorded, by code: the inventory. docs/records.md says of each what it means; a test holds the two together, and
// another one walks through the journeys and compares.

/** Not in the bundle: its type is. */
export const RECORD_CODES = [
  'sign_in.started',
  'sign_in.held_back',
  'sign_in.refused',
  'session.created',
  'session.ended',
  'session.recognized',
  'session.traits_changed',
  'preference.changed',
  'email_change.started',
  'email.changed',
  'user.disabled',
  'user.enabled',
  'user.deleted',
  'user.downloaded',
  'consent.granted',
  'consent.withdrawn',
  'authorization.pushed',
  'code.issued',
  'device.started',
  'device.decided',
  'token.issued',
  'token.refreshed',
  'token.found_inactive',
  'token.revoked',
  'client.registered',
  'client.changed',
  'client.deleted',
  'key.created',
  'key.active',
  'key.retiring',
  'key.gone',
  'key.rotation_ordered',
  'key.removed_on_forgery',
  'operator.signed_in',
  'operator.signed_out',
  'operator.called',
  'alarm.raised',
  'request.refused',
  'request.failed',
  'cron.ran',
] as const

export type RecordCode = (typeof RECORD_CODES)[number]

/** `alarm`: nobody was refused by it, somebody has to look. */
export type Outcome = 'accepted' | 'refused' | 'failed' | 'alarm'

const NOT_ACCEPTED: Partial<Record<RecordCode, Outcome>> = {
  'sign_in.held_back': 'refused',
  'sign_in.refused': 'refused',
  'session.traits_changed': 'refused',
  'token.found_inactive': 'refused',
  'alarm.raised': 'alarm',
  'request.refused': 'refused',
  'request.failed': 'failed',
}

export const outcomeOf = (code: RecordCode): Outcome => NOT_ACCEPTED[code] ?? 'accepted'
