// "This was not me": the link of a notice ends the session that it is about, in any browser, without signing in; and what
// has come of it since, one by one, because that may be the holder's own.
// Opening it changes nothing; the token opens nothing but these pages.
import * as v from 'valibot'
import { operation } from '#operation'
import { laterOnDevice } from '../../domain/known-device.ts'
import { KNOWN_DEVICE_ENTRIES } from '../../domain/limits.ts'
import { isLive } from '../../domain/session.ts'
import { NotMeDonePage } from '../../pages/account/not-me-done-page.tsx'
import { NotMeInvalidPage } from '../../pages/account/not-me-invalid-page.tsx'
import { NotMePage, type Suspect } from '../../pages/account/not-me-page.tsx'
import { refusedFor } from '../../records/record.ts'
import { endSessionsOf } from '../../sign-in/end-sessions.ts'
import { findEventOfSession } from '../../store/events.ts'
import { type NoticeLink, readNoticeLink } from '../../tokens/notice-link.ts'
import { randomId } from '../../tokens/random.ts'
import { loadState } from '../../user/state.ts'
import { readForm } from '../body.ts'
import { clientsOf, nameOf } from '../client-names.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { checkCsrf, csrfToken } from '../csrf.ts'
import { Hono } from '../hono.ts'
import { wantsJson } from '../negotiate.ts'
import { pageForm, texts } from '../openapi/form.ts'
import { Problem } from '../problem.ts'

export const notMePages = new Hono<LatchkeyEnv>()

notMePages.get(
  '/account/not-me',
  operation(() => ({
    summary: 'Asks whether to end the session that a notice is about; changes nothing',
    by: 'visitor',
    query: v.object(texts(['token'])),
    answers: { 200: 'text/html' },
  })),
  async c => {
    const token = c.req.query('token') ?? ''
    const link = await readLink(c, token)
    return typeof link === 'string' ? refuse(c, link) : answer(c, token, link, 'endedBefore')
  },
)

notMePages.post(
  '/account/not-me',
  operation(() => ({
    summary: 'Ends the session that a notice is about, or one that has come of it',
    by: 'visitor',
    form: pageForm({ token: v.string() }, ['session_id']),
    answers: { 200: 'text/html' },
  })),
  c => endByLink(c, false),
)

notMePages.post(
  '/account/not-me/rest',
  operation(() => ({
    summary: 'Ends all else of the user whom a notice was sent to',
    by: 'visitor',
    form: pageForm({ token: v.string() }),
    answers: { 200: 'text/html' },
  })),
  c => endByLink(c, true),
)

type What = Parameters<typeof NotMeDonePage>[0]['what']

async function endByLink(c: LatchkeyContext, isAllMeant: boolean): Promise<Response> {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const token = form.token ?? ''
  const link = await readLink(c, token)
  if (typeof link === 'string') return refuse(c, link)
  const { parts, facts } = c.var
  // One that the page has shown, and nothing that has come in its place since. The rest under an opId of its own each
  // time: what has begun since the last time is meant as well.
  const { session_id: sessionId = link.sessionId } = form
  const chosen = isAllMeant
    ? ({ opId: randomId('op'), selection: { kind: 'all', includeApps: true } } as const)
    : ({ opId: `not-me:${sessionId}`, selection: { kind: 'one', sessionId } } as const)
  const change = { ...chosen, reason: 'not_me', by: { kind: 'notice' } } as const
  const { tag } = await endSessionsOf(parts, link.userId, change, facts.now)
  const what = tag === 'ended' ? 'ended' : 'endedBefore'
  return answer(c, token, link, isAllMeant ? 'allEnded' : what)
}

async function readLink(c: LatchkeyContext, token: string): Promise<NoticeLink | 'invalid' | 'expired'> {
  const link = await readNoticeLink(c.var.parts.secrets, token)
  if (link === null) return 'invalid'
  return link.expiresAt > c.var.facts.now ? link : 'expired'
}

/** Says that it is over only where nothing is live of it: neither that session, nor what took its place or began there later. */
async function answer(
  c: LatchkeyContext,
  token: string,
  { userId, sessionId }: NoticeLink,
  what: What,
): Promise<Response> {
  const { parts, facts } = c.var
  const db = parts.shards.of(userId)
  const [{ user, sessions, traces }, newest] = await Promise.all([
    loadState(db, userId, KNOWN_DEVICE_ENTRIES),
    findEventOfSession(db, userId, sessionId),
  ])
  if (newest === null) return refuse(c, 'invalid')
  const heir = newest.reason === 'replaced' && newest.by.kind === 'session' ? newest.by.session_id : null
  const later = laterOnDevice(traces, sessionId)
  const relationOf = (id: string): Suspect['is'] | null => {
    if (id === sessionId) return 'told'
    if (later.has(id)) return 'later'
    return id === heir ? 'inPlace' : null
  }
  const live = sessions
    .filter(session => isLive(session, facts.now))
    .toSorted((a, b) => a.createdSeq - b.createdSeq)
    .flatMap(session => {
      const is = relationOf(session.id)
      return is === null ? [] : [{ session, is }]
    })
  const shared = { csrfToken: await csrfToken(c), token }
  if (live.length === 0) {
    return c.html(<NotMeDonePage {...shared} what={what} asksForCode={user?.asksForCode === true} />)
  }
  const clients = await clientsOf(
    c,
    live.map(each => each.session.clientId),
  )
  const suspects = live.map(each => ({ ...each, clientName: nameOf(clients, each.session.clientId) }))
  return c.html(<NotMePage {...shared} suspects={suspects} now={facts.now} />)
}

function refuse(c: LatchkeyContext, why: 'invalid' | 'expired'): Response | Promise<Response> {
  const code = why === 'expired' ? 'link_expired' : 'invalid_link'
  if (wantsJson(c)) throw new Problem(code)
  refusedFor(code)
  return c.html(<NotMeInvalidPage why={why} />, 400)
}
