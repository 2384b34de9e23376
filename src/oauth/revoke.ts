// Token revocation (RFC 7009): a refresh or access token of the calling client ends its session.
import type { Client } from '../domain/client.ts'
import { parseJti } from '../domain/ids.ts'
import { record } from '../records/record.ts'
import { endSessionsOf } from '../sign-in/end-sessions.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { retireBuckets } from '../store/buckets.ts'
import { run } from '../store/d1.ts'
import type { AccessClaims } from '../tokens/access-token.ts'
import { readRefreshToken } from '../tokens/refresh-token.ts'
import type { LoadedSessions } from '../user/state.ts'
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
  const refresh = await readRefreshToken(parts.secrets, token)
  if (refresh !== null) {
    const { userId, clientId } = refresh.facts
    if (clientId === client.id) await signOut(parts, { userId, sessionId: refresh.sessionId }, facts)
    return
  }
  const validation = await validateAccessToken(parts, token, null, facts)
  if (validation.tag === 'accepted' && validation.claims.client_id === client.id) {
    await endToken(parts, validation.claims, facts)
  }
}

/**
 * Ends the session of a live token, at its holder's wish; the token itself, where there is no session.
 * @param seen of its user
 */
export async function endToken(
  parts: Parts,
  claims: AccessClaims,
  facts: RequestFacts,
  seen: LoadedSessions | null = null,
): Promise<void> {
  if (claims.sid !== undefined) {
    return signOut(parts, { userId: claims.sub, sessionId: claims.sid }, facts, { seen })
  }
  const id = parseJti(claims.jti)?.sessionId ?? ''
  await run(retireBuckets(parts.shards.of(id), [id], 'signed_out', facts.now))
  record('token.revoked')
}

export interface SignOut {
  /** Another session of this user's that goes with it, if it is live: one change, so both end or neither. */
  readonly andSessionId?: string | null
  /** What was read of this user just before. */
  readonly seen?: LoadedSessions | null
}

/** Ends one session at its own holder's wish. */
export async function signOut(
  parts: Pick<Parts, 'users' | 'verifier'>,
  { userId, sessionId }: { readonly userId: string; readonly sessionId: string },
  facts: Pick<RequestFacts, 'now'>,
  { andSessionId = null, seen = null }: SignOut = {},
): Promise<void> {
  const sessionIds = [sessionId, ...(andSessionId === null ? [] : [andSessionId])]
  const selection = { kind: 'listed', sessionIds } as const
  const by = { kind: 'session', session_id: sessionId } as const
  const change = { opId: `sign-out:${sessionId}`, selection, reason: 'signed_out', by } as const
  await endSessionsOf(parts, userId, change, facts.now, seen)
  // An app may ask for it by GET, which is taken for a question otherwise (src/http/middleware/doubt-memory.ts).
  parts.verifier.doubt()
}
