// The OAuth endpoints: form in, the RFC's JSON out.
import * as v from 'valibot'
import { answer, operation } from '#operation'
import { MAGIC_LINK_GRANT, VALIDATION_MODES } from '../domain/client.ts'
import { pushRequest } from '../oauth/authorize/pushed.ts'
import { AUTHORIZATION_PARAMETERS } from '../oauth/authorize/sent.ts'
import { startDeviceAuthorization } from '../oauth/device/start.ts'
import { introspectToken } from '../oauth/introspect.ts'
import { oneOf, required } from '../oauth/parameters.ts'
import { endToken, revokeToken } from '../oauth/revoke.ts'
import { exchangeToken, GRANTS } from '../oauth/token-endpoint.ts'
import { SESSIONS } from '../user/state.ts'
import { refuseTokenInForm, requireBearerWith } from './bearer.ts'
import { readOAuthForm } from './body.ts'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { Count } from './openapi/fields.ts'
import { clientForm, texts } from './openapi/form.ts'
import { checkDeviceLimit, checkPushLimit, checkRedemptionLimit } from './rate-limit.ts'
import { requireClient, requireConfidentialClient } from './require-client.ts'

export const oauth = new Hono<LatchkeyEnv>()

const text = v.string()
const optionalText = v.optional(text)
const Confirmation = v.object({ jkt: text })

const TokenForm = v.union(
  GRANTS.map(({ grantType, parameters }) => clientForm(parameters, { grant_type: v.literal(grantType) })),
)
const TokenAnswer = answer(() =>
  v.object({
    access_token: text,
    token_type: v.picklist(['Bearer', 'DPoP']),
    expires_in: Count,
    scope: text,
    refresh_token: optionalText,
    id_token: optionalText,
    client_id: text,
    user_id: optionalText,
  }),
)

oauth.post(
  '/oauth2/token',
  operation({
    summary: 'Tokens for a grant',
    by: 'client',
    headers: ['DPoP'],
    form: TokenForm,
    answers: { 200: TokenAnswer },
  }),
  async c => {
    const { parts, facts } = c.var
    const form = await readOAuthForm(c)
    const client = await requireClient(c, form)
    // Links and typed codes; all other grants are of secrets that nobody guesses, for many users from one network.
    if (form.grant_type === MAGIC_LINK_GRANT) await checkRedemptionLimit(c)
    return c.json(await exchangeToken(parts, client, form, c.req.header('DPoP'), facts))
  },
)

/** RFC 9126 */
oauth.post(
  '/oauth2/par',
  operation({
    summary: 'Pushes an authorization request',
    by: 'client',
    headers: ['DPoP'],
    form: clientForm(AUTHORIZATION_PARAMETERS),
    answers: { 201: v.object({ request_uri: text, expires_in: Count }) },
  }),
  async c => {
    const { parts, facts } = c.var
    const form = await readOAuthForm(c)
    const client = await requireClient(c, form)
    if (client.type === 'public') await checkPushLimit(c)
    return c.json(await pushRequest(parts, client, form, c.req.header('DPoP'), facts), 201)
  },
)

const DeviceAnswer = answer(() =>
  v.object({
    device_code: text,
    user_code: text,
    verification_uri: text,
    verification_uri_complete: text,
    expires_in: Count,
    interval: Count,
  }),
)

/** RFC 8628 */
oauth.post(
  '/oauth2/device_authorization',
  operation({
    summary: 'Codes for a device without a browser',
    by: 'client',
    form: clientForm(['scope', 'resource']),
    answers: { 200: DeviceAnswer },
  }),
  async c => {
    const { parts, facts } = c.var
    const form = await readOAuthForm(c)
    const client = await requireClient(c, form)
    await checkDeviceLimit(c)
    return c.json(await startDeviceAuthorization(parts, client, form, facts))
  },
)

const TokenOfForm = clientForm(['token_type_hint'], { token: text })

/** RFC 7009: 200 whatever the token was. */
oauth.post(
  '/oauth2/revoke',
  operation({
    summary: 'Ends what a token stands for',
    by: 'client',
    form: TokenOfForm,
    answers: { 200: null },
  }),
  async c => {
    const { parts, facts } = c.var
    const form = await readOAuthForm(c)
    const client = await requireClient(c, form)
    await revokeToken(parts, client, required(form, 'token'), facts)
    return c.body(null, 200)
  },
)

const Introspection = answer(() =>
  v.object({
    active: v.boolean(),
    scope: optionalText,
    client_id: optionalText,
    sub: optionalText,
    aud: optionalText,
    iss: optionalText,
    exp: v.optional(Count),
    iat: v.optional(Count),
    jti: optionalText,
    sid: optionalText,
    auth_time: v.optional(Count),
    token_type: optionalText,
    cnf: v.optional(Confirmation),
    as_of: v.optional(v.number()),
    position: optionalText,
    remember_until: v.optional(Count),
  }),
)
const IntrospectionForm = v.object({ ...TokenOfForm.entries, ...texts(['mode', 'remember']) })

/** RFC 7662: of what is not live, or not the caller's, nothing but that. No cache may add to the age that it states. */
oauth.post(
  '/oauth2/introspect',
  operation({
    summary: 'What a token is good for: as of a second ago at most, with mode=strong as of now',
    by: 'client',
    form: IntrospectionForm,
    answers: { 200: Introspection },
  }),
  async c => {
    const { parts, facts } = c.var
    const form = await readOAuthForm(c)
    const client = await requireConfidentialClient(c, form)
    const wish = { mode: oneOf(form, 'mode', VALIDATION_MODES), remember: form.remember === 'true' }
    return c.json(await introspectToken(parts, client, required(form, 'token'), wish, facts))
  },
)

/** Ends the presented token's own session. */
oauth.post(
  '/oauth2/logout',
  operation({
    summary: 'Ends the token’s own session',
    by: 'token_holder',
    answers: { 204: null },
    refusals: [413],
  }),
  async c => {
    const { parts, facts } = c.var
    await refuseTokenInForm(c)
    const { claims, results } = await requireBearerWith(c, { audience: 'any' }, SESSIONS)
    const seen = claims.sid === undefined ? null : SESSIONS.found(claims.sub, results)
    await endToken(parts, claims, facts, seen)
    return c.body(null, 204)
  },
)
