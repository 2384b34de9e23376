// Deleting one's own account (GDPR Art. 17): a recent sign-in, what will happen in numbers, and the address typed.
import * as v from 'valibot'
import { operation } from '#operation'
import { parseEmailAddress } from '../../domain/email-address.ts'
import type { Session } from '../../domain/session.ts'
import { AccountDeletedPage } from '../../pages/account/account-deleted-page.tsx'
import { DeletePage } from '../../pages/account/delete-page.tsx'
import { refusedFor } from '../../records/record.ts'
import { deleteOwnAccount } from '../../sign-in/delete-account.ts'
import { listConsents } from '../../store/consents.ts'
import { listLiveSessions } from '../../store/sessions.ts'
import { unauthorized } from '../bearer.ts'
import { readForm } from '../body.ts'
import { findBrowserSession } from '../browser-session.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { clearCookie } from '../cookies.ts'
import { checkCsrf, csrfToken } from '../csrf.ts'
import { currentAddress } from '../current-address.ts'
import { Hono } from '../hono.ts'
import { wantsJson } from '../negotiate.ts'
import { pageForm } from '../openapi/form.ts'
import { Problem } from '../problem.ts'
import { recentSession } from '../recent-session.ts'
import { signedOut } from '../signed-out.ts'

const HERE = '/account/delete'
const DELETED_PATH = '/signed-out/deleted'

export const deletePages = new Hono<LatchkeyEnv>()

deletePages.get(
  HERE,
  operation({
    summary: 'Says what deleting the account would do; for a recent sign-in',
    by: 'browser',
    answers: { 200: 'text/html', 303: { to: ['/sign-in'] } },
    refusals: [401],
  }),
  async c => {
    const session = await recentSession(c, HERE)
    return session instanceof Response ? session : ask(c, session, await currentAddress(c, session))
  },
)

deletePages.post(
  HERE,
  operation(() => ({
    summary: 'Deletes the account whose address is typed; for a recent sign-in',
    by: 'browser',
    form: pageForm({ email: v.string() }),
    answers: { 303: { to: [DELETED_PATH, '/sign-in'] } },
    refusals: [401],
  })),
  async c => {
    const form = await readForm(c)
    // Before the anti-forgery token: the cookies of a browser that has just deleted the account in another tab are gone.
    if ((await findBrowserSession(c)) === null) return nothingDeleted(c)
    await checkCsrf(c, form.csrf_token)
    const session = await recentSession(c, HERE)
    if (session instanceof Response) return session
    const current = await currentAddress(c, session)
    if (parseEmailAddress(form.email ?? '')?.canonical !== current) {
      return ask(c, session, current, 'wrong_address')
    }
    const { parts, facts } = c.var
    if (!(await deleteOwnAccount(parts, session, current, facts))) return nothingDeleted(c)
    clearCookie(c, 'signIn')
    clearCookie(c, 'browser')
    return signedOut(c, DELETED_PATH)
  },
)

deletePages.get(DELETED_PATH, c => c.html(<AccountDeletedPage retention={c.var.parts.config.retention} />))

async function ask(
  c: LatchkeyContext,
  session: Session,
  email: string,
  error?: 'wrong_address',
): Promise<Response> {
  const problem = error && new Problem(error)
  if (problem && wantsJson(c)) throw problem
  if (problem) refusedFor(problem.code)
  const { parts, facts } = c.var
  const db = parts.shards.of(session.userId)
  const [sessions, consents] = await Promise.all([
    listLiveSessions(db, session.userId, facts.now),
    listConsents(db, session.userId),
  ])
  const page = (
    <DeletePage
      csrfToken={await csrfToken(c)}
      email={email}
      sessions={sessions.length}
      apps={consents.length}
      error={error}
    />
  )
  return c.html(page, problem?.status ?? 200)
}

/** Whoever is not signed in here any more, perhaps because the account was deleted elsewhere. */
function nothingDeleted(c: LatchkeyContext): Response {
  if (wantsJson(c)) throw unauthorized()
  return c.redirect('/sign-in?notice=nothing_deleted', 303)
}
