// What every form of the account page goes through before it changes anything.
import type { Session } from '../../domain/session.ts'
import { readForm } from '../body.ts'
import { findBrowserSession } from '../browser-session.ts'
import type { LatchkeyContext } from '../context.ts'
import { checkCsrf } from '../csrf.ts'

type Form = Awaited<ReturnType<typeof readForm>>

/** Makes the change in the name of this browser's session; whoever is not signed in is sent to sign in. */
export async function fromForm(
  c: LatchkeyContext,
  change: (session: Session, form: Form) => Promise<Response> | Response,
): Promise<Response> {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const session = await findBrowserSession(c)
  return session === null ? c.redirect('/sign-in', 303) : change(session, form)
}
