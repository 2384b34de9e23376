// Signing in, in an app: whoever holds the PKCE verifier is "the requesting browser".
import * as v from 'valibot'
import { operation } from '#operation'
import { MAGIC_LINK_GRANT } from '../domain/client.ts'
import { parseEmailAddress } from '../domain/email-address.ts'
import { SIGN_IN_SECONDS } from '../domain/limits.ts'
import { grantScope } from '../domain/scope.ts'
import { CODE_CHALLENGE } from '../oauth/proof-key.ts'
import { startSignIn } from '../sign-in/start.ts'
import { readJson } from './body.ts'
import type { LatchkeyEnv } from './context.ts'
import { deviceName } from './device.ts'
import { Hono } from './hono.ts'
import { Count } from './openapi/fields.ts'
import { Problem } from './problem.ts'
import { checkSignInLimit } from './rate-limit.ts'

const Text = v.pipe(v.string(), v.maxLength(1_024))

const SignInBody = v.object({
  client_id: v.string(),
  email: Text,
  scope: v.optional(Text),
  code_challenge: v.pipe(v.string(), v.regex(CODE_CHALLENGE)),
  code_challenge_method: v.literal('S256'),
  device_name: v.optional(Text),
})

export const signInsApi = new Hono<LatchkeyEnv>()

const SignInStarted = v.object({ sign_in_id: v.string(), expires_in: Count })

signInsApi.post(
  '/v1/sign-ins',
  operation({
    summary: 'Asks for a link and a code by mail',
    by: 'anyone',
    json: SignInBody,
    answers: { 202: SignInStarted },
    refusals: [429],
  }),
  async c => {
    const { parts, facts } = c.var
    const body = await readJson(c, SignInBody)
    const address = parseEmailAddress(body.email)
    if (address === null) throw new Problem('invalid_email')
    const client = await parts.findClient(body.client_id, facts.now)
    if (client !== null) c.set('client', client)
    if (client === null || !client.grant_types.includes(MAGIC_LINK_GRANT)) throw new Problem('invalid_client')
    const scope = grantScope(body.scope, client.scopes)
    if (scope === null) throw new Problem('invalid_scope')
    await checkSignInLimit(c)
    const id = await startSignIn(
      parts,
      {
        address,
        client,
        scope,
        startedIn: 'app',
        bindingDigest: async () => body.code_challenge,
        continueTo: null,
        deviceName: deviceName(body.device_name),
      },
      facts,
    )
    return c.json({ sign_in_id: id, expires_in: SIGN_IN_SECONDS }, 202)
  },
)
