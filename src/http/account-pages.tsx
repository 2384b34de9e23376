// The account page: where you're signed in, with plain forms that end it. Works without script.
import { Hono } from 'hono'
import type { Client } from '../domain/client.ts'
import type { SessionSelection } from '../domain/commands.ts'
import { isClientId, isTaggedId } from '../domain/ids.ts'
import { PAGE_MAX } from '../domain/limits.ts'
import { splitScope } from '../domain/scope.ts'
import type { Session } from '../domain/session.ts'
import { withdrawConsent } from '../oauth/authorize/consent.ts'
import { signOut } from '../oauth/revoke.ts'
import { AccountPage, type AccountSession, type ConnectedApp } from '../pages/account-page.tsx'
import { SignedOutPage } from '../pages/signed-out-page.tsx'
import { type ConsentRow, consentOf, listConsents } from '../store/consents.ts'
import { all } from '../store/d1.ts'
import { type SessionRow, selectSessionPage, sessionOf } from '../store/sessions.ts'
import { findUser } from '../store/users.ts'
import { readForm } from './body.ts'
import { findBrowserSession } from './browser-session.ts'
import { clientsOf } from './client-names.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { checkCsrf, csrfToken } from './csrf.ts'
import { EVERY_CLIENT, endSessions } from './sessions-api.ts'
import { SIGNED_OUT_PATH, signedOut } from './signed-out.ts'

export const accountPages = new Hono<LatchkeyEnv>()

/** What the page may be told to say, after the form that led to it. */
const NOTICES = ['session_ended', 'others_ended', 'app_disconnected', 'email_changed'] as const

accountPages.get('/', c => c.redirect('/account', 303))

accountPages.get('/account', async c => {
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

accountPages.post('/account/sessions/end', c =>
  endFromForm(c, form =>
    isTaggedId('s', form.session_id) ? { kind: 'one', sessionId: form.session_id } : null,
  ),
)

accountPages.post('/account/sessions/end-others', c =>
  endFromForm(c, form =>
    form.client_id === undefined
      ? null
      : { kind: 'others', clientId: form.client_id === EVERY_CLIENT ? null : form.client_id },
  ),
)

accountPages.post('/account/sessions/end-all', c =>
  endFromForm(c, () => ({ kind: 'all', includeApps: false })),
)

accountPages.post('/account/apps/withdraw', async c => {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const session = await findBrowserSession(c)
  if (session === null) return c.redirect('/sign-in', 303)
  if (!isClientId(form.client_id)) return c.redirect('/account', 303)
  const { parts, facts } = c.var
  const changed = await withdrawConsent(parts, session, form.client_id, facts)
  return c.redirect(changed.tag === 'changed' ? '/account?notice=app_disconnected' : '/sign-in', 303)
})

accountPages.post('/sign-out', async c => {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const session = await findBrowserSession(c)
  if (session !== null) {
    await signOut(c.var.parts, { userId: session.userId, sessionId: session.id }, c.var.facts)
  }
  return signedOut(c)
})

accountPages.get(SIGNED_OUT_PATH, c => c.html(<SignedOutPage />))

async function endFromForm(
  c: LatchkeyContext,
  select: (form: Readonly<Record<string, string | undefined>>) => SessionSelection | null,
): Promise<Response> {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const session = await findBrowserSession(c)
  if (session === null) return c.redirect('/sign-in', 303)
  const selection = select(form)
  if (selection === null) return c.redirect('/account', 303)
  const principal = { userId: session.userId, sessionId: session.id, clientId: session.clientId }
  const ended = await endSessions(c, principal, selection)
  if (ended.includes(session.id)) return signedOut(c)
  const notice = selection.kind === 'one' ? 'session_ended' : 'others_ended'
  return c.redirect(`/account?notice=${notice}`, 303)
}

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
