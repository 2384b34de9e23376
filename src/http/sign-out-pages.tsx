// Signing out in this browser.
import { operation } from '#operation'
import { signOut } from '../oauth/revoke.ts'
import { SignedOutPage } from '../pages/signed-out-page.tsx'
import { SESSIONS } from '../user/state.ts'
import { readForm } from './body.ts'
import { findPresentedSessionWith } from './browser-session.ts'
import type { LatchkeyEnv } from './context.ts'
import { checkCsrf } from './csrf.ts'
import { Hono } from './hono.ts'
import { pageForm } from './openapi/form.ts'
import { SIGNED_OUT_PATH, signedOut } from './signed-out.ts'

export const signOutPages = new Hono<LatchkeyEnv>()

signOutPages.post(
  '/sign-out',
  operation(() => ({
    summary: 'Ends this browser’s session, if there is one',
    by: 'visitor',
    form: pageForm(),
    answers: { 303: { to: [SIGNED_OUT_PATH] } },
  })),
  async c => {
    const form = await readForm(c)
    await checkCsrf(c, form.csrf_token)
    // Signing out is granted to whoever has the cookie: it opens nothing, and what is said to have ended has ended.
    const presented = await findPresentedSessionWith(c, SESSIONS)
    if (presented !== null) {
      const { session, found: seen } = presented
      await signOut(c.var.parts, { userId: session.userId, sessionId: session.id }, c.var.facts, { seen })
    }
    return signedOut(c)
  },
)

signOutPages.get(SIGNED_OUT_PATH, c => c.html(<SignedOutPage />))
