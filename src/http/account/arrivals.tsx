// The two answers to a new sign-in. "That was me" is a mark on its session, no event: nothing begins or ends by it.
// "That wasn't me" ends it without asking: ending is safe, and the other button stands beside it.
import { operation } from '#operation'
import { isTaggedId } from '../../domain/ids.ts'
import type { Session } from '../../domain/session.ts'
import { NotMeDonePage } from '../../pages/account/not-me-done-page.tsx'
import { record } from '../../records/record.ts'
import { endSessionsOf } from '../../sign-in/end-sessions.ts'
import { run } from '../../store/d1.ts'
import { recognizeSession } from '../../store/sessions.ts'
import { NOTHING, type UserRead } from '../../store/user-read.ts'
import { findUser } from '../../store/users.ts'
import { randomId } from '../../tokens/random.ts'
import { SESSIONS } from '../../user/state.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { csrfToken } from '../csrf.ts'
import { Hono } from '../hono.ts'
import { pageForm } from '../openapi/form.ts'
import { fromForm } from './from-form.ts'

export const accountArrivals = new Hono<LatchkeyEnv>()

accountArrivals.post(
  '/account/sessions/recognize',
  operation(() => ({
    summary: 'Says of a new sign-in that it was the user',
    by: 'browser',
    form: pageForm({}, ['recognized_id']),
    answers: { 303: { to: ['/account', '/sign-in'] } },
  })),
  c =>
    answer(c, NOTHING, 'recognized_id', async (session, arrivalId) => {
      const { parts, facts } = c.var
      const recognition = recognizeSession(parts.shards.of(session.userId), session, arrivalId, facts.now)
      if ((await run(recognition)) > 0) record('session.recognized', { session_id: arrivalId })
      return c.redirect('/account', 303)
    }),
)

// Nobody disowns who was there before them: a stranger would disown the holder. Such a session, an unknown one and another
// user's look alike: over.
accountArrivals.post(
  '/account/sessions/not-me',
  operation(() => ({
    summary: 'Says of a new sign-in that it was somebody else, and ends it',
    by: 'browser',
    form: pageForm({}, ['session_id']),
    answers: { 200: 'text/html', 303: { to: ['/account', '/sign-in'] } },
  })),
  c =>
    answer(c, SESSIONS, 'session_id', async (session, arrivalId, seen) => {
      const { parts, facts } = c.var
      const selection = { kind: 'arrival', sessionId: arrivalId } as const
      const by = { kind: 'session', session_id: session.id } as const
      const change = { opId: randomId('op'), selection, reason: 'not_me', by } as const
      const { tag } = await endSessionsOf(parts, session.userId, change, facts.now, seen)
      if (tag === 'actor_gone') return c.redirect('/sign-in', 303)
      const what = tag === 'ended' ? 'ended' : 'endedBefore'
      const user = await findUser(parts.shards.of(session.userId), session.userId)
      const asksForCode = user?.asks_code === 1
      return c.html(
        <NotMeDonePage csrfToken={await csrfToken(c)} token={null} what={what} asksForCode={asksForCode} />,
      )
    }),
)

/** Nobody answers for the session in which they are asked. */
const answer = <Found,>(
  c: LatchkeyContext,
  read: UserRead<Found>,
  field: 'recognized_id' | 'session_id',
  work: (session: Session, arrivalId: string, found: Found) => Promise<Response>,
): Promise<Response> =>
  fromForm(c, read, (session, { [field]: arrivalId }, found) =>
    !isTaggedId('s', arrivalId) || arrivalId === session.id
      ? c.redirect('/account', 303)
      : work(session, arrivalId, found),
  )
