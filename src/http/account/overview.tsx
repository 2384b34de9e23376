// The account page: where its user is signed in, and everything else that is theirs to see. Works without script.
import * as v from 'valibot'
import { operation } from '#operation'
import { arrivalsAfter } from '../../domain/arrivals.ts'
import type { Client } from '../../domain/client.ts'
import { deviceKeysAmong, type OnDevice } from '../../domain/device-groups.ts'
import { isTaggedId } from '../../domain/ids.ts'
import { splitScope } from '../../domain/scope.ts'
import { isLive, type Session } from '../../domain/session.ts'
import { AccountPage, type AccountSession, type ConnectedApp } from '../../pages/account/account-page.tsx'
import type { EndedSession } from '../../pages/account/ended-notice.tsx'
import { type ConsentRow, listConsents } from '../../store/consents.ts'
import { all } from '../../store/d1.ts'
import { findEventOfSession, listEvents, marksOf } from '../../store/events.ts'
import { type MarkedSessionRow, selectMarkedSessions, sessionOf } from '../../store/sessions.ts'
import { findUser, preferencesOf } from '../../store/users.ts'
import { readQuery } from '../body.ts'
import { findBrowserSession } from '../browser-session.ts'
import { clientsOf, nameOf } from '../client-names.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { csrfToken } from '../csrf.ts'
import { Hono } from '../hono.ts'
import { From } from '../paging.ts'
import { logEntries } from './log.tsx'

export const accountOverview = new Hono<LatchkeyEnv>()

/** What the page may be told to say, after the form that led to it. */
const NOTICES = [
  'device_ended',
  'list_changed',
  'others_ended',
  'app_disconnected',
  'email_changed',
  'preferences_saved',
] as const

/** Of the log, before its own page. */
const LOG_ENTRIES = 5
const OverviewQuery = v.object({ from: From })

accountOverview.get('/', c => c.redirect('/account', 303))

accountOverview.get(
  '/account',
  operation({
    summary: 'Where the user is signed in, with connected apps, the newest of the log, and preferences',
    by: 'browser',
    query: OverviewQuery,
    answers: { 200: 'text/html', 303: { to: ['/sign-in'] } },
  }),
  async c => {
    const session = await findBrowserSession(c)
    if (session === null) return c.redirect('/sign-in', 303)
    const { from = 0 } = readQuery(c, OverviewQuery)
    const { userId } = session
    const { parts, facts } = c.var
    const db = parts.shards.of(userId)
    const [user, consents, rows, log, ended] = await Promise.all([
      findUser(db, userId),
      listConsents(db, userId),
      all<MarkedSessionRow>(selectMarkedSessions(db, userId)),
      listEvents(db, userId, null, LOG_ENTRIES),
      findEnded(c, userId),
    ])
    const live = rows
      .map(row => ({ session: sessionOf(row), marks: marksOf(row) }))
      .filter(each => isLive(each.session, facts.now))
    const clients = await clientsOf(c, [
      ...live.map(each => each.session.clientId),
      ...consents.map(each => each.client_id),
    ])
    const keyOf = deviceKeysAmong(live)
    const view = (each: OnDevice) => accountSession(each.session, keyOf(each), clients, session.id)
    const sessions = live.map(view)
    return c.html(
      <AccountPage
        csrfToken={await csrfToken(c)}
        email={user?.email ?? ''}
        sessions={sessions}
        arrivals={arrivalsAfter(session.id, live).map(view)}
        from={from}
        apps={consents.map(consent => connectedApp(consent, clients, sessions))}
        log={await logEntries(c, log, sessions)}
        preferences={preferencesOf(user ?? { preferences: '{}' })}
        retention={parts.config.retention}
        now={facts.now}
        notice={NOTICES.find(notice => notice === c.req.query('notice'))}
        ended={ended}
      />,
    )
  },
)

/** The session that a form has just ended, by its own user. */
async function findEnded(c: LatchkeyContext, userId: string): Promise<EndedSession | undefined> {
  const id = c.req.query('ended')
  if (!isTaggedId('s', id)) return undefined
  const { parts, facts } = c.var
  const event = await findEventOfSession(parts.shards.of(userId), userId, id)
  if (event?.type !== 'session.ended' || event.clientId === null || event.device === null) return undefined
  const client = await parts.findClient(event.clientId, facts.now)
  return { device: event.device, clientName: client?.name ?? event.clientId, at: event.at }
}

function accountSession(
  session: Session,
  deviceKey: string,
  clients: ReadonlyMap<string, Client>,
  currentId: string,
): AccountSession {
  return {
    id: session.id,
    current: session.id === currentId,
    clientId: session.clientId,
    clientName: nameOf(clients, session.clientId),
    kind: session.clientKind,
    device: session.device,
    deviceKey,
    place: session.place,
    createdAt: session.createdAt,
    lastSeenAt: session.lastSeenAt,
    expiresAt: session.expiresAt,
  }
}

function connectedApp(
  consent: ConsentRow,
  clients: ReadonlyMap<string, Client>,
  sessions: readonly AccountSession[],
): ConnectedApp {
  const uses = sessions
    .filter(session => session.clientId === consent.client_id)
    .map(session => session.lastSeenAt)
  return {
    clientId: consent.client_id,
    name: nameOf(clients, consent.client_id),
    scopes: splitScope(consent.scope),
    grantedAt: consent.granted_at,
    lastUsedAt: uses.length === 0 ? null : Math.max(...uses),
  }
}
