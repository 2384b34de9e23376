// "This was not me": the link of a notice ends the session that it is about, in any browser, without signing in.
// Opening it changes nothing; the token opens nothing but these pages.
import type { EndSessions } from '../../domain/commands.ts'
import { NotMeDonePage } from '../../pages/account/not-me-done-page.tsx'
import { NotMeInvalidPage } from '../../pages/account/not-me-invalid-page.tsx'
import { NotMePage } from '../../pages/account/not-me-page.tsx'
import { refusedFor } from '../../records/record.ts'
import { endSessionsOf } from '../../sign-in/end-sessions.ts'
import { findEventOfSession } from '../../store/events.ts'
import { findUser } from '../../store/users.ts'
import { type NoticeLink, readNoticeLink } from '../../tokens/notice-link.ts'
import { randomId } from '../../tokens/random.ts'
import { readForm } from '../body.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { checkCsrf, csrfToken } from '../csrf.ts'
import { Hono } from '../hono.ts'
import { wantsJson } from '../negotiate.ts'
import { Problem } from '../problem.ts'

export const notMePages = new Hono<LatchkeyEnv>()

notMePages.get('/account/not-me', async c => {
  const token = c.req.query('token') ?? ''
  const link = await readLink(c, token)
  if (typeof link === 'string') return refuse(c, link)
  const { parts, facts } = c.var
  const newest = await findEventOfSession(parts.shards.of(link.userId), link.userId, link.sessionId)
  if (newest?.type === 'session.ended') return done(c, token, link, 'endedBefore')
  if (!newest?.clientId || newest.device === null || newest.place === null) return refuse(c, 'invalid')
  const client = await parts.findClient(newest.clientId, facts.now)
  return c.html(
    <NotMePage
      csrfToken={await csrfToken(c)}
      token={token}
      clientName={client?.name ?? ''}
      device={newest.device}
      place={newest.place}
      signedInAt={newest.at}
      now={facts.now}
    />,
  )
})

notMePages.post('/account/not-me', c =>
  endByLink(c, ({ sessionId }) => ({
    opId: `not-me:${sessionId}`,
    selection: { kind: 'one', sessionId },
  })),
)

// Under an opId of its own each time: what has begun since the last time is meant as well.
notMePages.post('/account/not-me/rest', c =>
  endByLink(c, () => ({ opId: randomId('op'), selection: { kind: 'all', includeApps: true } })),
)

type What = Parameters<typeof NotMeDonePage>[0]['what']

async function endByLink(
  c: LatchkeyContext,
  select: (link: NoticeLink) => Pick<EndSessions, 'opId' | 'selection'>,
): Promise<Response> {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const token = form.token ?? ''
  const link = await readLink(c, token)
  if (typeof link === 'string') return refuse(c, link)
  const { parts, facts } = c.var
  const chosen = select(link)
  const change = { ...chosen, reason: 'not_me', by: { kind: 'notice' } } as const
  const result = await endSessionsOf(parts, link.userId, change, facts.now)
  if (chosen.selection.kind === 'all') return done(c, token, link, 'allEnded')
  return done(c, token, link, result.tag === 'ended' ? 'ended' : 'endedBefore')
}

async function readLink(c: LatchkeyContext, token: string): Promise<NoticeLink | 'invalid' | 'expired'> {
  const link = await readNoticeLink(c.var.parts.secrets, token)
  if (link === null) return 'invalid'
  return link.expiresAt > c.var.facts.now ? link : 'expired'
}

async function done(
  c: LatchkeyContext,
  token: string,
  { userId }: NoticeLink,
  what: What,
): Promise<Response> {
  const user = await findUser(c.var.parts.shards.of(userId), userId)
  const asksForCode = user?.asks_code === 1
  return c.html(
    <NotMeDonePage csrfToken={await csrfToken(c)} token={token} what={what} asksForCode={asksForCode} />,
  )
}

function refuse(c: LatchkeyContext, why: 'invalid' | 'expired'): Response | Promise<Response> {
  const code = why === 'expired' ? 'link_expired' : 'invalid_link'
  if (wantsJson(c)) throw new Problem(code)
  refusedFor(code)
  return c.html(<NotMeInvalidPage why={why} />, 400)
}
