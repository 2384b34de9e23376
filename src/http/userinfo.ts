// UserInfo (OpenID Connect Core §5.3): claims about the user, by the scopes of the token. They are here only: ID
// tokens and access tokens carry no mail address.
import * as v from 'valibot'
import { answer, operation } from '#operation'
import { splitScope } from '../domain/scope.ts'
import { findUser } from '../store/users.ts'
import { ofUser, refuseTokenInForm, requireBearer } from './bearer.ts'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { Problem } from './problem.ts'

export const userinfo = new Hono<LatchkeyEnv>()

const UserInfo = answer(() =>
  v.object({
    sub: v.string(),
    email: v.optional(v.string()),
    email_verified: v.optional(v.boolean()),
  }),
)

userinfo.on(
  ['GET', 'POST'],
  '/oauth2/userinfo',
  operation({ summary: 'Claims about the user', by: 'openid', answers: { 200: UserInfo }, refusals: [413] }),
  async c => {
    await refuseTokenInForm(c)
    const { sub, scope } = ofUser(await requireBearer(c, { audience: 'issuer', scope: 'openid' }))
    if (!splitScope(scope).includes('email')) return c.json({ sub })
    const user = await findUser(c.var.parts.shards.of(sub), sub)
    if (user === null) {
      throw new Problem('invalid_token', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })
    }
    // An account is its mailbox: whoever has one has proven the address.
    return c.json({ sub, email: user.email, email_verified: true })
  },
)
