// From the events of a change to the rows that follow from them: the only way by which sessions begin and end.
import type { SessionEnded, UserEvent } from '../domain/events.ts'
import { deleteCodesOf } from './authorization-codes.ts'
import { insertFirstBucket, retireBuckets } from './buckets.ts'
import { deleteConsent, upsertConsent } from './consents.ts'
import { closeEmailChange, insertLastEmailChange } from './email-changes.ts'
import { scrubEvents } from './events.ts'
import { type EventLink, insertEvents } from './linked-events.ts'
import { insertOutbox } from './outbox.ts'
import { deleteSessions, insertSession } from './sessions.ts'
import {
  deleteUser,
  insertEmail,
  insertUser,
  updateAsksCode,
  updateDisabled,
  updateEmail,
  updatePreferences,
} from './users.ts'

/**
 * The events first: they are the fence that refuses a stale writer and a replay. Then the sessions that ended, before one
 * begins in their place. As many statements for a thousand sessions as for one.
 */
export function statements(
  db: D1Database,
  userId: string,
  events: readonly UserEvent[],
  links: readonly EventLink[],
): D1PreparedStatement[] {
  return [
    insertEvents(db, userId, events, links),
    ...endings(db, userId, events),
    ...events.flatMap(event => consequences(db, userId, event)),
  ]
}

function endings(db: D1Database, userId: string, events: readonly UserEvent[]): D1PreparedStatement[] {
  const ended = events.filter(event => event.type === 'session.ended')
  if (ended.length === 0) return []
  const byReason = Map.groupBy(ended, event => event.reason)
  return [
    deleteSessions(db, userId, idsOf(ended)),
    ...[...byReason].map(([reason, group]) => retireBuckets(db, idsOf(group), reason, atOf(group))),
    ...(byReason.has('not_me') ? [updateAsksCode(db, userId, true)] : []),
  ]
}

const idsOf = (ended: readonly SessionEnded[]): readonly string[] => ended.map(event => event.sessionId)

/** The events of one change have one time. */
const atOf = (ended: readonly SessionEnded[]): number => ended[0]?.at ?? 0

function consequences(db: D1Database, userId: string, event: UserEvent): D1PreparedStatement[] {
  switch (event.type) {
    case 'session.created': {
      const { session, bucket, newUser, answersCode, notice, at } = event
      return [
        ...(newUser === null
          ? []
          : [insertUser(db, userId, newUser.email, at), insertEmail(db, newUser.email, userId, at)]),
        insertSession(db, userId, event),
        ...(bucket === null ? [] : [insertFirstBucket(db, userId, session.id, at, bucket)]),
        ...(answersCode ? [updateAsksCode(db, userId, false)] : []),
        ...(notice === null ? [] : [insertOutbox(db, notice)]),
      ]
    }
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
    case 'user.deleted':
      // Consents go with the user. The address's own row may lie in another database: user/delete-account.ts.
      return [
        insertLastEmailChange(db, userId),
        deleteUser(db, userId),
        deleteCodesOf(db, userId),
        scrubEvents(db, userId),
        ...(event.notice === null ? [] : [insertOutbox(db, event.notice)]),
      ]
    case 'session.ended':
    case 'sign_in.refused':
      return []
  }
}
