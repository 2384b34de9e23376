// Preferences from the account page's form.
import * as v from 'valibot'
import { operation } from '#operation'
import { NEW_SIGN_IN_NOTICES, type PreferencesChange } from '../../domain/preferences.ts'
import { STATE } from '../../user/state.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { pageForm } from '../openapi/form.ts'
import { setPreferences } from '../preferences-api.ts'
import { Problem } from '../problem.ts'
import { fromForm } from './from-form.ts'

export const accountPreferences = new Hono<LatchkeyEnv>()

accountPreferences.post(
  '/account/preferences',
  operation(() => ({
    summary: 'Sets preferences from a form',
    by: 'browser',
    form: pageForm({ new_sign_in: v.picklist(NEW_SIGN_IN_NOTICES) }, [
      'one_session_per_client',
      'one_device',
      'shown',
    ]),
    answers: { 303: { to: ['/account', '/sign-in'] } },
  })),
  c =>
    fromForm(c, STATE, async (session, form, seen) => {
      const newSignIn = NEW_SIGN_IN_NOTICES.find(value => value === form.new_sign_in)
      if (newSignIn === undefined) throw new Problem('invalid_request', { detail: 'check: new_sign_in' })
      // A box that is not ticked is not sent. What is as the page showed it is no wish: it may be otherwise by now.
      const shown = form.shown?.split(' ')
      const wishOf = (name: 'one_session_per_client' | 'one_device') => {
        const isOn = form[name] === 'on'
        return shown?.includes(name) === isOn ? undefined : isOn
      }
      const preferences: PreferencesChange = {
        one_session_per_client: wishOf('one_session_per_client'),
        one_device: wishOf('one_device'),
        notify: shown?.includes(newSignIn) ? undefined : { new_sign_in: newSignIn },
      }
      const result = await setPreferences(
        c,
        { userId: session.userId, sessionId: session.id },
        preferences,
        seen,
      )
      return c.redirect(result.tag === 'changed' ? '/account?notice=preferences_saved' : '/sign-in', 303)
    }),
)
