// What every form of the account page goes through before it changes anything.
import type { Session } from '../../domain/session.ts'
import type { UserRead } from '../../store/user-read.ts'
import { readForm } from '../body.ts'
import { findBrowserSessionWith } from '../browser-session.ts'
import type { LatchkeyContext } from '../context.ts'
import { checkCsrf } from '../csrf.ts'

type Form = Awaited<ReturnType<typeof readForm>>

/**
 * Makes the change in the name of this browser's session; whoever is not signed in is sent to sign in.
 * @param read what else the change has to know of the user
 */
export async function fromForm<Found>(
  c: LatchkeyContext,
  read: UserRead<Found>,
  change: (session: Session, form: Form, found: Found) => Promise<Response> | Response,
): Promise<Response> {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const presented = await findBrowserSessionWith(c, read)
  return presented === null ? c.redirect('/sign-in', 303) : change(presented.session, form, presented.found)
}
