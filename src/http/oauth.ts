// The OAuth endpoints: form in, the RFC's JSON out.
import { Hono } from 'hono'
import { MAGIC_LINK_GRANT } from '../domain/client.ts'
import { pushRequest } from '../oauth/authorize/pushed.ts'
import { startDeviceAuthorization } from '../oauth/device/start.ts'
import { introspectToken } from '../oauth/introspect.ts'
import { required } from '../oauth/parameters.ts'
import { endToken, revokeToken } from '../oauth/revoke.ts'
import { exchangeToken } from '../oauth/token-endpoint.ts'
import { refuseTokenInForm, requireBearer } from './bearer.ts'
import { readOAuthForm } from './body.ts'
import type { LatchkeyEnv } from './context.ts'
import { checkDeviceLimit, checkPushLimit, checkRedemptionLimit } from './rate-limit.ts'
import { requireClient } from './require-client.ts'

export const oauth = new Hono<LatchkeyEnv>()

oauth.post('/oauth2/token', async c => {
  const { parts, facts } = c.var
  const form = await readOAuthForm(c)
  const client = await requireClient(c, form)
  // Links and typed codes; all other grants are of secrets that nobody guesses, for many users from one network.
  if (form.grant_type === MAGIC_LINK_GRANT) await checkRedemptionLimit(c)
  return c.json(await exchangeToken(parts, client, form, c.req.header('DPoP'), facts))
})

/** RFC 9126 */
oauth.post('/oauth2/par', async c => {
  const { parts, facts } = c.var
  const form = await readOAuthForm(c)
  const client = await requireClient(c, form)
  if (client.type === 'public') await checkPushLimit(c)
  return c.json(await pushRequest(parts, client, form, c.req.header('DPoP'), facts), 201)
})

/** RFC 8628 */
oauth.post('/oauth2/device_authorization', async c => {
  const { parts, facts } = c.var
  const form = await readOAuthForm(c)
  const client = await requireClient(c, form)
  await checkDeviceLimit(c)
  return c.json(await startDeviceAuthorization(parts, client, form, facts))
})

/** RFC 7009: 200 whatever the token was. */
oauth.post('/oauth2/revoke', async c => {
  const { parts, facts } = c.var
  const form = await readOAuthForm(c)
  const client = await requireClient(c, form)
  await revokeToken(parts, client, required(form, 'token'), facts)
  return c.body(null, 200)
})

/** RFC 7662: of what is not live, or not the caller's, nothing but that. */
oauth.post('/oauth2/introspect', async c => {
  const form = await readOAuthForm(c)
  const client = await requireClient(c, form)
  return c.json(await introspectToken(c.var.parts, client, required(form, 'token'), c.var.facts))
})

/** Ends the presented token's own session. */
oauth.post('/oauth2/logout', async c => {
  const { parts, facts } = c.var
  await refuseTokenInForm(c)
  const claims = await requireBearer(c, { audience: 'any' })
  await endToken(parts, claims, facts)
  return c.body(null, 204)
})
