// Preferences from the account page's form.

import type { Preferences } from '../../domain/preferences.ts'
import { readForm } from '../body.ts'
import { findBrowserSession } from '../browser-session.ts'
import type { LatchkeyEnv } from '../context.ts'
import { checkCsrf } from '../csrf.ts'
import { Hono } from '../hono.ts'
import { setPreferences } from '../preferences-api.ts'
import { Problem } from '../problem.ts'

export const accountPreferences = new Hono<LatchkeyEnv>()

const NEW_SIGN_IN = ['always', 'new_device', 'never'] as const

accountPreferences.post('/account/preferences', async c => {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  const session = await findBrowserSession(c)
  if (session === null) return c.redirect('/sign-in', 303)
  const newSignIn = NEW_SIGN_IN.find(value => value === form.new_sign_in)
  if (newSignIn === undefined) throw new Problem('invalid_request', { detail: 'check: new_sign_in' })
  const preferences: Preferences = {
    // A box that is not ticked is not sent.
    one_session_per_client: form.one_session_per_client === 'on',
    one_device: form.one_device === 'on',
    notify: { new_sign_in: newSignIn },
  }
  const result = await setPreferences(c, { userId: session.userId, sessionId: session.id }, preferences)
  return c.redirect(result.tag === 'changed' ? '/account?notice=preferences_saved' : '/sign-in', 303)
})
