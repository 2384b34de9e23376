// From what a user has authorized to the client's session, under the client's rule. What the user has gone back on
// meanwhile, by signing out there, by withdrawing the consent or by being disabled, yields nothing.
import type { Authorization } from '../../domain/authorization.ts'
import type { Client } from '../../domain/client.ts'
import { tagOf } from '../../domain/ids.ts'
import { joinScope } from '../../domain/scope.ts'
import { absoluteExpiry, type StartedIn } from '../../domain/session.ts'
import { withinSecond } from '../../domain/time.ts'
import { deliverNotice, prepareNotice } from '../../sign-in/notice.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { findUser } from '../../store/users.ts'
import type { DpopProof } from '../../tokens/dpop-proof.ts'
import { randomTaggedId } from '../../tokens/random.ts'
import { callUser } from '../../user/call.ts'
import { mintCredentials, type TokenAnswer } from '../credentials.ts'
import { useProof } from '../dpop.ts'
import { invalidGrant, OAuthError } from '../errors.ts'
import { stillRegistered } from '../registered.ts'

export interface BeginAuthorized {
  readonly authorization: Authorization
  /** Spends the authorization. */
  readonly opId: string
  readonly startedIn: StartedIn
  readonly nonce: string | null
  readonly proof: DpopProof | null
}

export type Begun =
  | { readonly tag: 'begun'; readonly answer: TokenAnswer }
  /** Somebody was here before: the session that began then. */
  | { readonly tag: 'spent'; readonly sessionId: string | null }

/** Throws `invalid_grant`, or `access_denied` when the client's rule allows no further session. */
export async function beginAuthorized(
  parts: Parts,
  client: Client,
  { authorization, opId, startedIn, nonce, proof }: BeginAuthorized,
  facts: RequestFacts,
): Promise<Begun> {
  const { now } = facts
  const { userId, audience, signedInWith, device, place } = authorization
  const scope = joinScope(stillRegistered(client, authorization.scope))
  const jkt = await useProof(parts, proof)
  const sessionId = randomTaggedId('s', tagOf(userId))
  const minted = await mintCredentials(parts, {
    client,
    sessionId,
    generation: 1,
    facts: {
      userId,
      clientId: client.id,
      scope,
      audience,
      authTime: authorization.authTime,
      amr: signedInWith,
      absoluteExpiresAt: absoluteExpiry(now),
    },
    scope,
    audience,
    jkt,
    nonce,
    now,
  })
  const { secretDigest, bucket } = minted
  const startedMs = withinSecond(facts.nowMs)
  const user = await findUser(parts.shards.of(userId), userId)
  const noticed = { userId, client, session: { id: sessionId, device, place } }
  const notice = user === null ? null : await prepareNotice(parts, { ...noticed, address: user.email }, now)
  const of = { id: sessionId, clientId: client.id, clientKind: client.kind }
  const outcome = await callUser(parts.users, userId, user =>
    user.startSession(
      userId,
      {
        type: 'start_session',
        opId,
        session: { ...of, scope, signedInWith, startedIn, device, place, startedMs, secretDigest },
        bucket,
        rule: client.session_rule,
        address: null,
        newUser: null,
        formerSessionId: null,
        authorizedIn: authorization.browserSessionId,
        marks: authorization.marks,
        notice: notice?.row ?? null,
      },
      now,
    ),
  )
  switch (outcome.tag) {
    case 'started':
      if (notice !== null && outcome.isNoticeDue) deliverNotice(parts, userId, notice, facts)
      return { tag: 'begun', answer: minted.answer }
    case 'spent':
      return { tag: 'spent', sessionId: outcome.sessionId }
    case 'refused':
      if (outcome.why === 'user_disabled') throw invalidGrant('the user is disabled')
      throw new OAuthError('access_denied', 'this sign-in is not allowed', { latchkeyCode: outcome.why })
    case 'authorization_gone':
    case 'no_such_user':
    case 'address_moved':
    case 'address_taken':
    case 'code_required':
      throw invalidGrant('the user has gone back on it')
  }
}
