// authorization_code (OAuth 2.1 §4.1.3): the session of the client begins here, under its rule. A second valid use of a
// code ends what the first produced; one that does not even know the verifier changes nothing.
import type { Client } from '../../domain/client.ts'
import { tagOf } from '../../domain/ids.ts'
import { absoluteExpiry } from '../../domain/session.ts'
import { endSessionsOf } from '../../sign-in/end-sessions.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import type { AuthorizationCode } from '../../store/authorization-codes.ts'
import { findCause } from '../../store/events.ts'
import { digestsEqual } from '../../tokens/digest.ts'
import { randomTaggedId } from '../../tokens/random.ts'
import { callUser } from '../../user/call.ts'
import { codeOpId, readCode } from '../authorize/issue-code.ts'
import { type MintedCredentials, mintCredentials } from '../credentials.ts'
import { invalidGrant, OAuthError } from '../errors.ts'
import { type FormParameters, required } from '../parameters.ts'
import { requiredChallenge } from '../proof-key.ts'
import type { Grant } from './grant.ts'

export const authorizationCode: Grant = {
  grantType: 'authorization_code',
  parameters: ['code', 'redirect_uri', 'code_verifier', 'resource'],

  async exchange(parts, client, form, facts) {
    const text = required(form, 'code')
    const challenge = await requiredChallenge(form)
    const code = await readCode(parts, text)
    if (code === null) throw invalidGrant('no such code')
    refuseUnbound(code, client, challenge, form)
    const opId = codeOpId(code.codeDigest)
    if (code.expiresAt <= facts.now) {
      const cause = await findCause(parts.shards.of(code.userId), opId)
      if (cause !== null) await endReused(parts, code, cause.sessionId, facts)
      throw invalidGrant('expired')
    }
    const sessionId = randomTaggedId('s', tagOf(code.userId))
    const minted = await mint(parts, client, code, sessionId, facts)
    const outcome = await callUser(parts.users, code.userId, user =>
      user.startSession(
        code.userId,
        {
          type: 'start_session',
          opId,
          session: {
            id: sessionId,
            clientId: client.id,
            clientKind: client.kind,
            scope: code.scope,
            signedInWith: code.signedInWith,
            startedIn: 'browser',
            device: code.device,
            place: code.place,
            secretDigest: minted.secretDigest,
          },
          bucket: minted.bucket,
          rule: client.session_rule,
          newUser: null,
          formerSessionId: null,
          authorizedIn: code.browserSessionId,
        },
        facts.now,
      ),
    )
    switch (outcome.tag) {
      case 'started':
        return minted.answer
      case 'spent':
        await endReused(parts, code, outcome.sessionId, facts)
        throw invalidGrant('used before')
      case 'refused':
        if (outcome.why === 'user_disabled') throw invalidGrant('the user is disabled')
        throw new OAuthError('access_denied', 'this sign-in is not allowed', { latchkeyCode: outcome.why })
      case 'authorization_gone':
      case 'no_such_user':
      case 'address_taken':
        throw invalidGrant('the user has gone back on it')
    }
  },
}

function refuseUnbound(
  code: AuthorizationCode,
  client: Client,
  challenge: string,
  form: FormParameters,
): void {
  if (code.clientId !== client.id) throw invalidGrant('another client')
  if (!digestsEqual(code.codeChallenge, challenge)) throw invalidGrant('wrong verifier')
  if (form.redirect_uri !== undefined && form.redirect_uri !== code.redirectUri) {
    throw invalidGrant('another redirect URI')
  }
  if (form.resource !== undefined && form.resource !== code.audience) {
    throw new OAuthError('invalid_target', 'the code is for another resource')
  }
}

function mint(
  parts: Parts,
  client: Client,
  code: AuthorizationCode,
  sessionId: string,
  { now }: RequestFacts,
): Promise<MintedCredentials> {
  const { scope, audience, nonce } = code
  return mintCredentials(parts, {
    client,
    sessionId,
    generation: 1,
    facts: {
      userId: code.userId,
      clientId: client.id,
      scope,
      audience,
      authTime: code.authTime,
      amr: code.signedInWith,
      absoluteExpiresAt: absoluteExpiry(now),
    },
    scope,
    audience,
    nonce,
    now,
  })
}

/** Somebody else has a copy of the code: what it produced ends (OAuth 2.1 §4.1.3). */
async function endReused(
  parts: Parts,
  { clientId, userId }: AuthorizationCode,
  sessionId: string | null,
  facts: RequestFacts,
): Promise<void> {
  const detail = 'an authorization code was used again'
  parts.alarms.raise({ kind: 'code.reused', kid: null, clientId, userId, detail }, facts.now, facts.waitUntil)
  if (sessionId === null) return
  const selection = { kind: 'one', sessionId } as const
  const opId = `code-reused:${sessionId}`
  const change = { opId, selection, reason: 'code_reused', by: { kind: 'system' } } as const
  await endSessionsOf(parts, userId, change, facts.now)
}
