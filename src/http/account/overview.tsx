// The account page: where its user is signed in, and everything else that is theirs to see. Works without script.
import { Hono } from 'hono'
import type { Client } from '../../domain/client.ts'
import { PAGE_MAX } from '../../domain/limits.ts'
import { splitScope } from '../../domain/scope.ts'
import type { Session } from '../../domain/session.ts'
import { AccountPage, type AccountSession, type ConnectedApp } from '../../pages/account/account-page.tsx'
import { type ConsentRow, consentOf, listConsents } from '../../store/consents.ts'
import { all } from '../../store/d1.ts'
import { type SessionRow, selectSessionPage, sessionOf } from '../../store/sessions.ts'
import { findUser } from '../../store/users.ts'
import { findBrowserSession } from '../browser-session.ts'
import { clientsOf } from '../client-names.ts'
import type { LatchkeyEnv } from '../context.ts'
import { csrfToken } from '../csrf.ts'

export const accountOverview = new Hono<LatchkeyEnv>()

/** What the page may be told to say, after the form that led to it. */
const NOTICES = ['session_ended', 'others_ended', 'app_disconnected', 'email_changed'] as const

accountOverview.get('/', c => c.redirect('/account', 303))

accountOverview.get('/account', async c => {
  const session = await findBrowserSession(c)
  if (session === null) return c.redirect('/sign-in', 303)
  const { parts, facts } = c.var
  const db = parts.shards.of(session.userId)
  const [user, consents, rows] = await Promise.all([
    findUser(db, session.userId),
    listConsents(db, session.userId),
    all<SessionRow>(selectSessionPage(db, session.userId, facts.now, null, PAGE_MAX)),
  ])
  const shown = rows.map(sessionOf)
  const clients = await clientsOf(
    c,
    [...shown, ...consents.map(consentOf)].map(each => each.clientId),
  )
  const sessions = shown.map(each => accountSession(each, clients, session.id))
  return c.html(
    <AccountPage
      csrfToken={await csrfToken(c)}
      email={user?.email ?? ''}
      sessions={sessions}
      apps={consents.map(consent => connectedApp(consent, clients))}
      now={facts.now}
      notice={NOTICES.find(notice => notice === c.req.query('notice'))}
    />,
  )
})

function accountSession(
  session: Session,
  clients: ReadonlyMap<string, Client>,
  currentId: string,
): AccountSession {
  return {
    id: session.id,
    current: session.id === currentId,
    clientId: session.clientId,
    clientName: clients.get(session.clientId)?.name ?? session.clientId,
    kind: session.clientKind,
    device: session.device,
    place: session.place,
    createdAt: session.createdAt,
    lastSeenAt: session.lastSeenAt,
    expiresAt: session.expiresAt,
  }
}

function connectedApp(consent: ConsentRow, clients: ReadonlyMap<string, Client>): ConnectedApp {
  return {
    clientId: consent.client_id,
    name: clients.get(consent.client_id)?.name ?? consent.client_id,
    scopes: splitScope(consent.scope),
    grantedAt: consent.granted_at,
  }
}
