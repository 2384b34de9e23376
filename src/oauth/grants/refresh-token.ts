// refresh_token (RFC 6749 §6): one batch rotates token and bucket, or says what became of the presented one.
import type { Client } from '../../domain/client.ts'
import { judgeRefresh, type RotatedRow } from '../../domain/refresh.ts'
import { grantScope } from '../../domain/scope.ts'
import { expiryAfterUse } from '../../domain/session.ts'
import { withinSecond } from '../../domain/time.ts'
import { identify } from '../../records/record.ts'
import { endSessionsOf } from '../../sign-in/end-sessions.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { StorageUnavailable } from '../../store/d1.ts'
import { checkNotGivenAway } from '../../store/given-away.ts'
import { type Rotation, rotate } from '../../store/rotation.ts'
import { digestsEqual } from '../../tokens/digest.ts'
import { type RefreshToken, readRefreshToken } from '../../tokens/refresh-token.ts'
import { sealUnder, unsealUnder } from '../../tokens/secrets.ts'
import { mintCredentials, type TokenAnswer, type TokenRequest } from '../credentials.ts'
import { useProof } from '../dpop.ts'
import { invalidGrant, OAuthError } from '../errors.ts'
import { type FormParameters, required } from '../parameters.ts'
import { stillRegistered } from '../registered.ts'
import { resolveNextAudience } from '../resource.ts'
import type { Grant } from './grant.ts'

export const refreshToken: Grant = {
  grantType: 'refresh_token',
  parameters: ['refresh_token', 'scope', 'resource'],

  async exchange(parts, client, form, facts, proof) {
    const { now } = facts
    const presented = await readRefreshToken(parts.secrets, required(form, 'refresh_token'))
    if (presented === null) throw invalidGrant('not one of ours')
    const { sessionId, generation } = presented
    identify({ user_id: presented.facts.userId, session_id: sessionId })
    if (presented.facts.clientId !== client.id) throw invalidGrant('another client')
    const { jkt: boundTo = proof?.jkt } = presented.facts
    if (boundTo !== proof?.jkt) throw invalidGrant('bound to another key')
    const scope = grantScope(form.scope, stillRegistered(client, presented.facts.scope))
    if (scope === null) throw new OAuthError('invalid_scope', 'beyond what was granted')
    const audience = await resolveNextAudience(parts, client, presented.facts.audience, form.resource)

    const jkt = await useProof(parts, proof)
    const minted = await mintCredentials(parts, {
      client,
      sessionId,
      generation: generation + 1,
      facts: presented.facts,
      scope,
      audience,
      jkt,
      now,
    })
    const db = parts.shards.of(sessionId)
    const row = await rotateSurely(db, {
      userId: presented.facts.userId,
      sessionId,
      generation,
      presentedDigest: presented.digest,
      successorDigest: minted.secretDigest,
      sealedSuccessor: await sealSuccessor(presented, {
        answer: minted.answer,
        audience,
        jkt,
        issuedAt: now,
      }),
      bucket: minted.bucket,
      expiresAt: expiryAfterUse(presented.facts.absoluteExpiresAt, now),
      now,
      lastSeenMs: withinSecond(facts.nowMs),
    })
    if (row === null) await checkNotGivenAway(db, sessionId)
    const isOurs = row !== null && digestsEqual(row.secretDigest, minted.secretDigest)
    const verdict = judgeRefresh(row, presented, isOurs, client.refresh_grace_seconds, now)
    switch (verdict.tag) {
      case 'rotated':
        return minted.answer
      case 'same_successor':
        return sameAnswer(await openSuccessor(presented, verdict.sealed), form, { scope, audience, jkt, now })
      case 'refused':
        throw invalidGrant(verdict.why)
      case 'reused':
        await endReused(parts, client, presented, facts)
        throw invalidGrant('reused: the session was ended')
    }
  },
}

/** A lost answer is settled by asking again: the rotation is the same one, whoever's attempt it was. */
async function rotateSurely(db: D1Database, rotation: Rotation): Promise<RotatedRow | null> {
  try {
    return await rotate(db, rotation)
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error
    return rotate(db, rotation)
  }
}

interface Successor {
  readonly answer: TokenAnswer
  readonly audience: string
  readonly jkt: string | null
  readonly issuedAt: number
}

/** Only whoever presents the same token again can open it. */
const sealSuccessor = (presented: RefreshToken, successor: Successor): Promise<string> =>
  sealUnder(presented.text, presented.sessionId, JSON.stringify(successor))

async function openSuccessor(presented: RefreshToken, sealed: string): Promise<Successor> {
  const text = await unsealUnder(presented.text, presented.sessionId, sealed)
  if (text === null) throw invalidGrant('not the token that was rotated')
  return JSON.parse(text) as Successor
}

/** The answer that the first of two equal requests got. Throws when this one asks for something else. */
function sameAnswer(
  { answer, audience, jkt, issuedAt }: Successor,
  form: FormParameters,
  asked: Pick<TokenRequest, 'scope' | 'audience' | 'jkt' | 'now'>,
): TokenAnswer {
  if (asked.jkt !== jkt) throw invalidGrant('the successor is bound to another key')
  if (form.scope !== undefined && asked.scope !== answer.scope) {
    throw new OAuthError('invalid_scope', 'the successor has another scope')
  }
  if (asked.audience !== audience) {
    throw new OAuthError('invalid_target', 'the successor is for another resource')
  }
  return { ...answer, expires_in: Math.max(0, answer.expires_in - (asked.now - issuedAt)) }
}

/** A spent token after its grace: somebody else has a copy. The whole session ends (RFC 9700 §4.14.2). */
async function endReused(parts: Parts, client: Client, presented: RefreshToken, facts: RequestFacts) {
  const { userId } = presented.facts
  const { sessionId, generation } = presented
  parts.alarms.raise(
    {
      kind: 'refresh.reused',
      kid: null,
      clientId: client.id,
      userId,
      detail: 'a spent refresh token was used again',
    },
    facts.now,
    facts.waitUntil,
  )
  const selection = { kind: 'one', sessionId } as const
  const opId = `refresh-reused:${sessionId}.${generation}`
  const change = { opId, selection, reason: 'refresh_reused', by: { kind: 'system' } } as const
  await endSessionsOf(parts, userId, change, facts.now)
}
