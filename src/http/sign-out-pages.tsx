// Signing out in this browser.
import { Hono } from 'hono'
import { signOut } from '../oauth/revoke.ts'
import { SignedOutPage } from '../pages/signed-out-page.tsx'
import { readForm } from './body.ts'
import { findBrowserSession } from './browser-session.ts'
import type { LatchkeyEnv } from './context.ts'
import { checkCsrf } from './csrf.ts'
import { SIGNED_OUT_PATH, signedOut } from './signed-out.ts'

export const signOutPages = new Hono<LatchkeyEnv>()

signOutPages.post('/sign-out', async c => {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const session = await findBrowserSession(c)
  if (session !== null) {
    await signOut(c.var.parts, { userId: session.userId, sessionId: session.id }, c.var.facts)
  }
  return signedOut(c)
})

signOutPages.get(SIGNED_OUT_PATH, c => c.html(<SignedOutPage />))
