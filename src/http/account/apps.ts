// Taking back from the account page what a connected app was allowed.

import { isClientId } from '../../domain/ids.ts'
import { withdrawConsent } from '../../oauth/authorize/consent.ts'
import { readForm } from '../body.ts'
import { findBrowserSession } from '../browser-session.ts'
import type { LatchkeyEnv } from '../context.ts'
import { checkCsrf } from '../csrf.ts'
import { Hono } from '../hono.ts'

export const accountApps = new Hono<LatchkeyEnv>()

accountApps.post('/account/apps/withdraw', async c => {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const session = await findBrowserSession(c)
  if (session === null) return c.redirect('/sign-in', 303)
  if (!isClientId(form.client_id)) return c.redirect('/account', 303)
  const { parts, facts } = c.var
  const changed = await withdrawConsent(parts, session, form.client_id, facts)
  return c.redirect(changed.tag === 'changed' ? '/account?notice=app_disconnected' : '/sign-in', 303)
})
