// The OAuth endpoints: form in, the RFC's JSON out.
import { Hono } from 'hono'
import { authenticateClient } from '../oauth/client-authentication.ts'
import { required } from '../oauth/parameters.ts'
import { revokeToken, signOut } from '../oauth/revoke.ts'
import { exchangeToken } from '../oauth/token-endpoint.ts'
import { refuseTokenInForm, requireBearer } from './bearer.ts'
import { readOAuthForm } from './body.ts'
import type { LatchkeyEnv } from './context.ts'
import { checkRedemptionLimit } from './rate-limit.ts'

export const oauth = new Hono<LatchkeyEnv>()

oauth.post('/oauth2/token', async c => {
  const { parts, facts } = c.var
  const form = await readOAuthForm(c)
  const client = await authenticateClient(parts, form, c.req.header('Authorization'), facts.now)
  if (form.code !== undefined || form.token !== undefined) await checkRedemptionLimit(c)
  return c.json(await exchangeToken(parts, client, form, facts))
})

/** RFC 7009: 200 whatever the token was. */
oauth.post('/oauth2/revoke', async c => {
  const { parts, facts } = c.var
  const form = await readOAuthForm(c)
  const client = await authenticateClient(parts, form, c.req.header('Authorization'), facts.now)
  await revokeToken(parts, client, required(form, 'token'), facts)
  return c.body(null, 200)
})

/** Ends the presented token's own session. */
oauth.post('/oauth2/logout', async c => {
  const { parts, facts } = c.var
  await refuseTokenInForm(c)
  const claims = await requireBearer(c, { audience: 'any' })
  await signOut(parts, { userId: claims.sub, sessionId: claims.sid }, facts)
  return c.body(null, 204)
})
