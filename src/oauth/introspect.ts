// Token introspection (RFC 7662): what a token is good for, told to those whom it concerns, and nothing to others.
import type { Client, ValidationMode } from '../domain/client.ts'
import { isLive } from '../domain/session.ts'
import { record } from '../records/record.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { first } from '../store/d1.ts'
import { type SessionRow, selectSession, sessionOf } from '../store/sessions.ts'
import { type AccessClaims, shownClaims } from '../tokens/access-token.ts'
import { digestsEqual } from '../tokens/digest.ts'
import { type RefreshToken, readRefreshToken } from '../tokens/refresh-token.ts'
import { positionText } from '../verifier/feed-position.ts'
import { verifyToken, verifyToRemember } from './verify-token.ts'

/** The members of RFC 7662 §2.2; of a token that is not live, or not the caller's business, `active` alone. */
export type Introspection =
  | { readonly active: false }
  | ({ readonly active: true } & Readonly<Record<string, unknown>>)

const INACTIVE: Introspection = { active: false }

/** How the caller wants to know. */
export interface IntrospectionWish {
  readonly mode: ValidationMode
  /** Strongly, with what the caller needs to remember the token itself. */
  readonly remember: boolean
}

/**
 * The form of a token says which kind it is: no hint is needed, and a wrong one hides nothing.
 */
export async function introspectToken(...args: Parameters<typeof judgeToken>): Promise<Introspection> {
  const answer = await judgeToken(...args)
  // A good token in use is no event, here as at our own endpoints.
  if (!answer.active) record('token.found_inactive')
  return answer
}

async function judgeToken(
  parts: Parts,
  client: Client,
  token: string,
  { mode, remember }: IntrospectionWish,
  facts: RequestFacts,
): Promise<Introspection> {
  const refresh = await readRefreshToken(parts.secrets, token)
  if (refresh !== null) return introspectRefreshToken(parts, client, refresh, facts.now)
  if (!remember) {
    const answer = await verifyToken(parts, client, token, mode, facts)
    return answer.tag === 'accepted' ? describe(client, answer.claims, answer.asOf) : INACTIVE
  }
  const answer = await verifyToRemember(parts, client, token, facts)
  if (answer.tag === 'refused') return INACTIVE
  const described = describe(client, answer.claims, facts.nowMs)
  if (!described.active || answer.position === null) return described
  return { ...described, position: positionText(answer.position), remember_until: answer.until }
}

function describe(client: Client, claims: AccessClaims, asOf: number): Introspection {
  if (!isShownTo(client, claims)) return INACTIVE
  return {
    active: true,
    ...shownClaims(claims),
    // A bound token is good with a proof by its key only: whoever asks has to check that (RFC 9449 §6.2).
    token_type: claims.cnf === undefined ? 'Bearer' : 'DPoP',
    as_of: asOf / 1_000,
  }
}

export const isShownTo = (client: Client, claims: Pick<AccessClaims, 'client_id' | 'aud'>): boolean =>
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
