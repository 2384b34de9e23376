// Token introspection (RFC 7662): what a token is good for, told to those whom it concerns, and nothing to others.
import type { Client } from '../domain/client.ts'
import { isLive } from '../domain/session.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { first } from '../store/d1.ts'
import { type SessionRow, selectSession, sessionOf } from '../store/sessions.ts'
import type { AccessClaims } from '../tokens/access-token.ts'
import { digestsEqual } from '../tokens/digest.ts'
import { type RefreshToken, readRefreshToken } from '../tokens/refresh-token.ts'
import { OAuthError } from './errors.ts'
import { validateAccessToken } from './validate.ts'

/** The members of RFC 7662 §2.2; of a token that is not live, or not the caller's business, `active` alone. */
export type Introspection =
  | { readonly active: false }
  | ({ readonly active: true } & Readonly<Record<string, unknown>>)

const INACTIVE: Introspection = { active: false }

/**
 * Strong, so in step with every revocation. The form of a token says which kind it is: no hint is needed, and a wrong
 * one hides nothing. Throws `invalid_client` for a public client: anybody could use its name.
 */
export async function introspectToken(
  parts: Parts,
  client: Client,
  token: string,
  facts: RequestFacts,
): Promise<Introspection> {
  if (client.type === 'public') {
    throw new OAuthError('invalid_client', 'a confidential client is needed')
  }
  const refresh = await readRefreshToken(parts.secrets, token)
  if (refresh !== null) return introspectRefreshToken(parts, client, refresh, facts.now)
  const validation = await validateAccessToken(parts, token, null, facts)
  if (validation.tag === 'refused' || !isShownTo(client, validation.claims)) return INACTIVE
  const { scope, client_id, sub, aud, iss, exp, iat, jti, sid, auth_time, cnf } = validation.claims
  return {
    active: true,
    ...{ scope, client_id, sub, aud, iss, exp, iat, jti, sid, auth_time },
    // A bound token is good with a proof by this key only: whoever asks has to check that (RFC 9449 §6.2).
    ...(cnf === undefined ? { token_type: 'Bearer' } : { token_type: 'DPoP', cnf }),
  }
}

const isShownTo = (client: Client, claims: AccessClaims): boolean =>
  claims.client_id === client.id || (client.audience !== null && claims.aud === client.audience)

/** Live while it is the session's current one; only whom it was issued to may know. */
async function introspectRefreshToken(
  parts: Parts,
  client: Client,
  { facts, sessionId, digest }: RefreshToken,
  now: number,
): Promise<Introspection> {
  if (facts.clientId !== client.id) return INACTIVE
  const row = await first<SessionRow & { secret_digest: string }>(
    selectSession(parts.shards.of(facts.userId), facts.userId, sessionId),
  )
  if (row === null || !digestsEqual(row.secret_digest, digest)) return INACTIVE
  const session = sessionOf(row)
  if (!isLive(session, now)) return INACTIVE
  return {
    active: true,
    scope: facts.scope,
    client_id: facts.clientId,
    sub: facts.userId,
    aud: facts.audience,
    iss: parts.config.issuer,
    exp: session.expiresAt,
    iat: session.lastSeenAt,
    sid: sessionId,
    auth_time: facts.authTime,
  }
}
