// A user's own data as one JSON document, in the words of the API. What is small is read first; the log, of any length,
// chunk by chunk while the answer is being sent. Digests (marks of devices, of secrets) are left out: they say nothing
// to anybody.
import * as v from 'valibot'
import { DOWNLOAD_CHUNK_ENTRIES } from '../domain/limits.ts'
import { splitScope } from '../domain/scope.ts'
import type { Session } from '../domain/session.ts'
import { isOpen } from '../domain/sign-in.ts'
import { rfc3339 } from '../domain/time.ts'
import { listConsents } from '../store/consents.ts'
import { findEmailChange } from '../store/email-changes.ts'
import { listEvents } from '../store/events.ts'
import { listLiveSessions } from '../store/sessions.ts'
import { findUser, preferencesOf } from '../store/users.ts'
import { clientsOf, nameOf } from './client-names.ts'
import type { LatchkeyContext } from './context.ts'
import { EventView, eventView } from './event-view.ts'
import { Count, Time } from './openapi/fields.ts'
import { PreferencesView } from './preferences-api.ts'
import { Problem } from './problem.ts'
import { SessionView, sessionView } from './session-view.ts'
import { streamOf } from './stream-of.ts'

export const AccountData = v.pipe(
  v.object({
    user: v.object({
      id: v.string(),
      email: v.string(),
      created_at: Time,
      preferences: PreferencesView,
      /** Whether the next sign-in takes the typed code. */
      code_required: v.boolean(),
    }),
    sessions: v.array(SessionView),
    connected_apps: v.array(
      v.object({
        client_id: v.string(),
        name: v.string(),
        scopes: v.array(v.string()),
        granted_at: Time,
      }),
    ),
    /** One that waits for its code. */
    email_change: v.nullable(v.object({ email: v.string(), expires_at: Time })),
    /** How long some of it is kept. */
    retention: v.object({
      log_details_days: Count,
      deleted_log_days: Count,
      alarm_days: Count,
      webhook_delivery_days: Count,
    }),
    /** Newest first. */
    events: v.array(EventView),
  }),
  v.title('AccountData'),
)

/** Ends in an error, not in a shorter document, when storage fails on the way. */
export async function accountDataText(c: LatchkeyContext, session: Session): Promise<ReadableStream> {
  const head = JSON.stringify({ ...(await everythingButEvents(c, session)), events: [] }, null, 1)
  const db = c.var.parts.shards.of(session.userId)
  async function* text() {
    yield head.slice(0, head.lastIndexOf(']'))
    let before: number | null = null
    for (;;) {
      const entries = await listEvents(db, session.userId, before, DOWNLOAD_CHUNK_ENTRIES)
      const views = entries.map(entry => JSON.stringify(eventView(entry))).join(',\n')
      if (views !== '') yield before === null ? views : `,\n${views}`
      if (entries.length < DOWNLOAD_CHUNK_ENTRIES) break
      before = entries.at(-1)?.seq ?? null
    }
    yield ']}\n'
  }
  return streamOf(text())
}

async function everythingButEvents(c: LatchkeyContext, { userId, id }: Session) {
  const { parts, facts } = c.var
  const db = parts.shards.of(userId)
  const [user, live, consents, change] = await Promise.all([
    findUser(db, userId),
    listLiveSessions(db, userId, facts.now),
    listConsents(db, userId),
    findEmailChange(db, userId),
  ])
  if (user === null) throw new Problem('not_found')
  const { retention } = parts.config
  const clients = await clientsOf(c, [
    ...live.map(session => session.clientId),
    ...consents.map(consent => consent.client_id),
  ])
  return {
    user: {
      id: user.id,
      email: user.email,
      created_at: rfc3339(user.created_at),
      preferences: preferencesOf(user),
      code_required: user.asks_code === 1,
    },
    sessions: live.map(session => sessionView(session, clients.get(session.clientId) ?? null, id)),
    connected_apps: consents.map(consent => ({
      client_id: consent.client_id,
      name: nameOf(clients, consent.client_id),
      scopes: splitScope(consent.scope),
      granted_at: rfc3339(consent.granted_at),
    })),
    email_change:
      change !== null && isOpen(change, facts.now)
        ? { email: change.address, expires_at: rfc3339(change.expiresAt) }
        : null,
    retention: {
      log_details_days: retention.logDetailsDays,
      deleted_log_days: retention.deletedLogDays,
      alarm_days: retention.alarmDays,
      webhook_delivery_days: retention.webhookDeliveryDays,
    },
  }
}
