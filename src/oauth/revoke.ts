// Token revocation (RFC 7009): a refresh or access token of the calling client ends its session.
import type { Client } from '../domain/client.ts'
import { endSessionsOf } from '../sign-in/end-sessions.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { readRefreshToken } from '../tokens/refresh-token.ts'
import { validateAccessToken } from './validate.ts'

/**
 * A refresh token of any generation will do: who signs out after a lost answer means the session. Unknown, dead
 * and foreign tokens change nothing and look like any other (RFC 7009 §2.2).
 */
export async function revokeToken(
  parts: Parts,
  client: Client,
  token: string,
  facts: RequestFacts,
): Promise<void> {
  const owner = (await ownerByRefreshToken(parts, token)) ?? (await ownerByAccessToken(parts, token, facts))
  if (owner?.clientId === client.id) await signOut(parts, owner, facts)
}

export interface SessionOwner {
  readonly userId: string
  readonly sessionId: string
  readonly clientId: string
}

/**
 * Ends one session at its own holder's wish.
 * @param andSessionId another of this user's that goes with it, if it is live: one change, so both end or neither
 */
export async function signOut(
  parts: Pick<Parts, 'users'>,
  session: Pick<SessionOwner, 'userId' | 'sessionId'>,
  facts: Pick<RequestFacts, 'now'>,
  andSessionId: string | null = null,
): Promise<void> {
  const { userId, sessionId } = session
  const sessionIds = [sessionId, ...(andSessionId === null ? [] : [andSessionId])]
  const selection = { kind: 'listed', sessionIds } as const
  const by = { kind: 'session', session_id: sessionId } as const
  const change = { opId: `sign-out:${sessionId}`, selection, reason: 'signed_out', by } as const
  await endSessionsOf(parts, userId, change, facts.now)
}

async function ownerByRefreshToken(parts: Parts, token: string): Promise<SessionOwner | null> {
  const read = await readRefreshToken(parts.secrets, token)
  return read === null ? null : { ...read.facts, sessionId: read.sessionId }
}

async function ownerByAccessToken(
  parts: Parts,
  token: string,
  facts: RequestFacts,
): Promise<SessionOwner | null> {
  const validation = await validateAccessToken(parts, token, null, facts)
  if (validation.tag === 'refused') return null
  const { sub, sid, client_id } = validation.claims
  return { userId: sub, sessionId: sid, clientId: client_id }
}
