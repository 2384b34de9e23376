// Ending sessions from the account page's forms. Works without script.
import { Hono } from 'hono'
import type { SessionSelection } from '../../domain/commands.ts'
import { isTaggedId } from '../../domain/ids.ts'
import { readForm } from '../body.ts'
import { findBrowserSession } from '../browser-session.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { checkCsrf } from '../csrf.ts'
import { EVERY_CLIENT, endSessions } from '../sessions-api.ts'
import { signedOut } from '../signed-out.ts'

export const accountSessions = new Hono<LatchkeyEnv>()

accountSessions.post('/account/sessions/end', c =>
  endFromForm(c, form =>
    isTaggedId('s', form.session_id) ? { kind: 'one', sessionId: form.session_id } : null,
  ),
)

accountSessions.post('/account/sessions/end-others', c =>
  endFromForm(c, form =>
    form.client_id === undefined
      ? null
      : { kind: 'others', clientId: form.client_id === EVERY_CLIENT ? null : form.client_id },
  ),
)

accountSessions.post('/account/sessions/end-all', c =>
  endFromForm(c, () => ({ kind: 'all', includeApps: false })),
)

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
