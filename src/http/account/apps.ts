// Taking back from the account page what a connected app was allowed.
import { operation } from '#operation'
import { isClientId } from '../../domain/ids.ts'
import { withdrawConsent } from '../../oauth/authorize/consent.ts'
import { STATE } from '../../user/state.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { pageForm } from '../openapi/form.ts'
import { fromForm } from './from-form.ts'

export const accountApps = new Hono<LatchkeyEnv>()

accountApps.post(
  '/account/apps/withdraw',
  operation(() => ({
    summary: 'Takes back what a connected app was allowed',
    by: 'browser',
    form: pageForm({}, ['client_id']),
    answers: { 303: { to: ['/account', '/sign-in'] } },
  })),
  c =>
    fromForm(c, STATE, async (session, { client_id: clientId }, seen) => {
      if (!isClientId(clientId)) return c.redirect('/account', 303)
      const { parts, facts } = c.var
      const changed = await withdrawConsent(parts, session, clientId, facts, seen)
      return c.redirect(changed.tag === 'changed' ? '/account?notice=app_disconnected' : '/sign-in', 303)
    }),
)
