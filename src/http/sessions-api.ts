// The sessions API: where the user is signed in, and ending that. Strong, like all of Latchkey's own endpoints.
import * as v from 'valibot'
import { operation } from '#operation'
import { CLIENT_DOCUMENT_URL_MAX_CHARS } from '../domain/client-document.ts'
import type { SessionSelection } from '../domain/commands.ts'
import { isTaggedId } from '../domain/ids.ts'
import { isLive, type Session } from '../domain/session.ts'
import { endSessionsOf } from '../sign-in/end-sessions.ts'
import { first } from '../store/d1.ts'
import { type SessionRow, selectSession, selectSessionPage, sessionOf } from '../store/sessions.ts'
import { randomId } from '../tokens/random.ts'
import { type LoadedSessions, SESSIONS } from '../user/state.ts'
import { readOptionalJson, readQuery } from './body.ts'
import { clientsOf } from './client-names.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { Count, NullableText } from './openapi/fields.ts'
import { activityCursor, Limit, pageLimit, parseActivityCursor } from './paging.ts'
import { type Principal, refuseGone, requirePrincipal, requirePrincipalWith } from './principal.ts'
import { Problem } from './problem.ts'
import { SessionView, sessionView } from './session-view.ts'

/** In the place of a client's id. */
export const EVERY_CLIENT = '*'

export const sessionsApi = new Hono<LatchkeyEnv>()

const SessionsQuery = v.object({ limit: Limit, cursor: v.optional(v.string()) })
const SessionsPage = v.object({ next_cursor: NullableText, sessions: v.array(SessionView) })

sessionsApi.get(
  '/v1/sessions',
  operation({
    summary: 'Where the user is signed in, newest activity first',
    by: 'user',
    query: SessionsQuery,
    answers: { 200: SessionsPage },
  }),
  async c => {
    const query = readQuery(c, SessionsQuery)
    const limit = pageLimit(query.limit)
    const after = parseActivityCursor(query.cursor)
    const { principal, found } = await requirePrincipalWith(c, {
      statements: (db, userId) => [selectSessionPage(db, userId, c.var.facts.now, after, limit + 1)],
      found: (_, [rows]) => ((rows?.results ?? []) as unknown as SessionRow[]).map(sessionOf),
    })
    const page = found.slice(0, limit)
    const last = found.length > limit ? page.at(-1) : undefined
    return c.json({
      next_cursor: last === undefined ? null : activityCursor(last),
      sessions: await views(c, page, principal),
    })
  },
)

sessionsApi.get(
  '/v1/sessions/:id',
  operation({
    summary: 'One session; `current` is the caller’s',
    by: 'user',
    answers: { 200: SessionView },
    refusals: [404],
  }),
  async c => {
    const principal = await requirePrincipal(c)
    const named = c.req.param('id')
    const session = await findOwn(c, principal, named === 'current' ? principal.sessionId : named)
    if (session === null) throw new Problem('not_found')
    const [shown] = await views(c, [session], principal)
    return c.json(shown)
  },
)

sessionsApi.delete(
  '/v1/sessions/:id',
  operation({ summary: 'Ends one session', by: 'user', answers: { 204: null }, refusals: [404] }),
  async c => {
    const { principal, found } = await requirePrincipalWith(c, SESSIONS)
    const named = c.req.param('id')
    const sessionId = named === 'current' ? principal.sessionId : named
    if (!isTaggedId('s', sessionId)) throw new Problem('not_found')
    await endSessions(c, principal, { kind: 'one', sessionId }, found)
    return c.body(null, 204)
  },
)

const Revoked = v.object({ revoked: Count, sessions: v.array(v.string()) })

const RevokeOthersBody = v.object({
  client_id: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(CLIENT_DOCUMENT_URL_MAX_CHARS))),
})

sessionsApi.post(
  '/v1/sessions/revoke-others',
  operation({
    summary: 'Ends the user’s other sessions of one client, or of every client (`*`)',
    by: 'user',
    json: RevokeOthersBody,
    answers: { 200: Revoked },
  }),
  async c => {
    const { principal, found } = await requirePrincipalWith(c, SESSIONS)
    const { client_id } = await readOptionalJson(c, RevokeOthersBody)
    const clientId = client_id === EVERY_CLIENT ? null : (client_id ?? principal.clientId)
    const sessions = await endSessions(c, principal, { kind: 'others', clientId }, found)
    return c.json({ revoked: sessions.length, sessions })
  },
)

const RevokeAllBody = v.object({ include_apps: v.optional(v.boolean()) })

sessionsApi.post(
  '/v1/sessions/revoke-all',
  operation({ summary: 'Signs out everywhere', by: 'user', json: RevokeAllBody, answers: { 200: Revoked } }),
  async c => {
    const { principal, found } = await requirePrincipalWith(c, SESSIONS)
    const { include_apps } = await readOptionalJson(c, RevokeAllBody)
    const sessions = await endSessions(
      c,
      principal,
      { kind: 'all', includeApps: include_apps ?? false },
      found,
    )
    return c.json({ revoked: sessions.length, sessions })
  },
)

/**
 * Ends the selection as the principal. Throws 404 when one was named and is not there, 401 when the caller is gone.
 * @param seen of the user, with the proof of who asks
 */
export async function endSessions(
  c: LatchkeyContext,
  principal: Principal,
  selection: SessionSelection,
  seen: LoadedSessions,
): Promise<readonly string[]> {
  const { parts, facts } = c.var
  const { userId, sessionId } = principal
  const by = { kind: 'session', session_id: sessionId } as const
  const change = { opId: randomId('op'), selection, reason: 'ended_by_user', by } as const
  const result = await endSessionsOf(parts, userId, change, facts.now, seen)
  if (result.tag === 'ended') return result.sessions
  if (result.tag === 'not_found') throw new Problem('not_found')
  return refuseGone(c)
}

async function findOwn(c: LatchkeyContext, principal: Principal, id: string): Promise<Session | null> {
  if (!isTaggedId('s', id)) return null
  const db = c.var.parts.shards.of(principal.userId)
  const row = await first<SessionRow>(selectSession(db, principal.userId, id))
  const session = row === null ? null : sessionOf(row)
  return session !== null && isLive(session, c.var.facts.now) ? session : null
}

async function views(c: LatchkeyContext, sessions: readonly Session[], principal: Principal) {
  const clients = await clientsOf(
    c,
    sessions.map(session => session.clientId),
  )
  return sessions.map(session =>
    sessionView(session, clients.get(session.clientId) ?? null, principal.sessionId),
  )
}
