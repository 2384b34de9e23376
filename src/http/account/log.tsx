// The user's log in words: the whole of it here, its newest entries on the account page.
import * as v from 'valibot'
import { operation } from '#operation'
import type { Device } from '../../domain/session.ts'
import type { LogEntry } from '../../pages/account/log-entries.tsx'
import { LogPage } from '../../pages/account/log-page.tsx'
import { all } from '../../store/d1.ts'
import { type LoggedEvent, listEvents } from '../../store/events.ts'
import { type SessionRow, selectSessions, sessionOf } from '../../store/sessions.ts'
import { readQuery } from '../body.ts'
import { findBrowserSession } from '../browser-session.ts'
import { clientsOf, nameOf } from '../client-names.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { csrfToken } from '../csrf.ts'
import { Hono } from '../hono.ts'
import { Before } from '../paging.ts'

export const accountLog = new Hono<LatchkeyEnv>()

const ENTRIES_PER_PAGE = 50
const LogQuery = v.object({ before: Before })

accountLog.get(
  '/account/log',
  operation({
    summary: 'The user’s log in words, newest first',
    by: 'browser',
    query: LogQuery,
    answers: { 200: 'text/html', 303: { to: ['/sign-in'] } },
  }),
  async c => {
    const session = await findBrowserSession(c)
    if (session === null) return c.redirect('/sign-in?continue=%2Faccount%2Flog', 303)
    const { userId } = session
    const { parts, facts } = c.var
    const { before = null } = readQuery(c, LogQuery)
    const db = parts.shards.of(userId)
    const [found, sessions] = await Promise.all([
      listEvents(db, userId, before, ENTRIES_PER_PAGE + 1),
      all<SessionRow>(selectSessions(db, userId)),
    ])
    const page = found.slice(0, ENTRIES_PER_PAGE)
    return c.html(
      <LogPage
        csrfToken={await csrfToken(c)}
        entries={await logEntries(c, page, sessions.map(sessionOf))}
        olderThan={found.length > ENTRIES_PER_PAGE ? (page.at(-1)?.seq ?? null) : null}
        isNewest={before === null}
        now={facts.now}
      />,
    )
  },
)

interface KnownSession {
  readonly id: string
  readonly device: Device
}

/** @param known sessions by which the device that did something can be named, beside those of the entries themselves */
export async function logEntries(
  c: LatchkeyContext,
  events: readonly LoggedEvent[],
  known: readonly KnownSession[],
): Promise<readonly LogEntry[]> {
  const clients = await clientsOf(
    c,
    events.flatMap(event => event.clientId ?? []),
  )
  const devices = new Map(
    [
      ...events.flatMap(({ sessionId, device }) => (sessionId && device ? [{ id: sessionId, device }] : [])),
      ...known,
    ].map(session => [session.id, session.device] as const),
  )
  return events.map(({ type, at, reason, clientId, sessionId, device, place, by }) => ({
    type,
    at,
    reason: reason as LogEntry['reason'],
    clientName: clientId === null ? null : nameOf(clients, clientId),
    device,
    place,
    from: by.kind === 'session' && by.session_id !== sessionId ? (devices.get(by.session_id) ?? null) : null,
  }))
}
