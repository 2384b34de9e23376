// From an event to the rows that follow from it: the only way by which sessions begin and end.
import type { UserEvent } from '../domain/events.ts'
import { insertFirstBucket, retireBuckets } from './buckets.ts'
import { deleteConsent, upsertConsent } from './consents.ts'
import { closeEmailChange } from './email-changes.ts'
import { insertEvent } from './events.ts'
import { insertOutbox } from './outbox.ts'
import { deleteSession, insertSession } from './sessions.ts'
import { insertEmail, insertUser, updateDisabled, updateEmail, updatePreferences } from './users.ts'

/** The event first: it is the fence that refuses a stale writer and a replay. */
export function statements(db: D1Database, userId: string, event: UserEvent): D1PreparedStatement[] {
  return [insertEvent(db, userId, event), ...consequences(db, userId, event)]
}

function consequences(db: D1Database, userId: string, event: UserEvent): D1PreparedStatement[] {
  switch (event.type) {
    case 'session.created': {
      const { session, bucket, newUser, notice, at } = event
      return [
        ...(newUser === null
          ? []
          : [insertUser(db, userId, newUser.email, at), insertEmail(db, newUser.email, userId, at)]),
        insertSession(db, userId, event),
        ...(bucket === null ? [] : [insertFirstBucket(db, userId, session.id, at, bucket)]),
        ...(notice === null ? [] : [insertOutbox(db, notice)]),
      ]
    }
    case 'session.ended':
      return [
        deleteSession(db, userId, event.sessionId),
        retireBuckets(db, event.sessionId, event.reason, event.at),
      ]
    case 'preference.changed':
      return [updatePreferences(db, userId, event.preferences)]
    case 'consent.granted':
      return [upsertConsent(db, userId, event.clientId, event.scope, event.at)]
    case 'consent.withdrawn':
      return [deleteConsent(db, userId, event.clientId)]
    case 'email.changed':
      // The addresses' own rows may lie in other databases: user/change-email.ts.
      return [
        updateEmail(db, userId, event.email),
        closeEmailChange(db, userId),
        insertOutbox(db, event.notice),
      ]
    case 'user.disabled':
      return [updateDisabled(db, userId, event.at)]
    case 'user.enabled':
      return [updateDisabled(db, userId, null)]
    case 'sign_in.refused':
      return []
  }
}
