// Taking back from the account page what a connected app was allowed.
import { isClientId } from '../../domain/ids.ts'
import { withdrawConsent } from '../../oauth/authorize/consent.ts'
import { STATE } from '../../user/state.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { fromForm } from './from-form.ts'

export const accountApps = new Hono<LatchkeyEnv>()

accountApps.post('/account/apps/withdraw', c =>
  fromForm(c, STATE, async (session, { client_id: clientId }, seen) => {
    if (!isClientId(clientId)) return c.redirect('/account', 303)
    const { parts, facts } = c.var
    const changed = await withdrawConsent(parts, session, clientId, facts, seen)
    return c.redirect(changed.tag === 'changed' ? '/account?notice=app_disconnected' : '/sign-in', 303)
  }),
)
