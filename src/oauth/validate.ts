// Strong validation of an access token: form, signature, expiry, commitment, then the remaining claims.
// One primary-key read; whoever signs anything else with our key is noticed.
import {
  type Bucket,
  type BucketVerdict,
  deadTokenCode,
  judgeBucket,
  type RetiredReason,
} from '../domain/bucket.ts'
import { isClientId, isTaggedId, parseJti } from '../domain/ids.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { findBucket } from '../store/buckets.ts'
import { checkNotGivenAway } from '../store/given-away.ts'
import { ACCESS_TOKEN_TYP, type AccessClaims, parseAccessClaims } from '../tokens/access-token.ts'
import { digestsEqual } from '../tokens/digest.ts'
import { inspectToken } from '../tokens/inspect.ts'

export type Validation =
  | { readonly tag: 'accepted'; readonly claims: AccessClaims; readonly kid: string }
  | ({
      readonly tag: 'refused'
      /** Whose token it was, where we signed it and did not find it forged. */
      readonly clientId: string | null
    } & (
      | { readonly code: 'invalid_token' | 'token_expired' }
      /** One of ours, dead: the holder may know why. */
      | {
          readonly code: 'token_rotated' | 'session_replaced' | 'session_ended'
          readonly reason: RetiredReason
          readonly endedAt: number
          /** null when they are of no use here any more: of another issuer. */
          readonly claims: AccessClaims | null
        }
    ))

/**
 * Reads the bucket of one token.
 * @param userId whom the token names, where it names a user: not yet proven
 */
export type BucketReader = (
  sessionId: string,
  generation: number,
  userId: string | null,
) => Promise<Bucket | null>

/**
 * @param audience what `aud` must be; null where any of ours will do
 * Throws StorageUnavailable when the bucket cannot be read: refused, never accepted.
 */
export async function validateAccessToken(
  parts: Pick<Parts, 'config' | 'keys' | 'shards' | 'alarms' | 'findClient'>,
  token: string,
  audience: string | null,
  facts: Pick<RequestFacts, 'now' | 'waitUntil'>,
  readBucket: BucketReader = (sessionId, generation) =>
    findBucket(parts.shards.of(sessionId), sessionId, generation),
): Promise<Validation> {
  const inspected = await inspectToken(parts.keys, ACCESS_TOKEN_TYP, token, facts.now)
  if (inspected.tag === 'invalid') return { tag: 'refused', code: 'invalid_token', clientId: null }
  const parties = partiesOf(inspected.claims)
  const { clientId, userId } = parties
  if (inspected.tag === 'expired') return { tag: 'refused', code: 'token_expired', clientId }
  const { claims, commitment, kid } = inspected
  const verdict = await verdictOf(readBucket, claims.jti, userId, commitment)
  switch (verdict.tag) {
    case 'forged': {
      const jti = parseJti(claims.jti)
      if (jti !== null) await checkNotGivenAway(parts.shards.of(jti.sessionId), jti.sessionId)
      parts.alarms.raise(
        {
          kind: 'token.forged',
          kid,
          ...parties,
          detail: 'a valid signature on a token that was never issued',
        },
        facts.now,
        facts.waitUntil,
      )
      return { tag: 'refused', code: 'invalid_token', clientId: null }
    }
    case 'retired':
      return {
        tag: 'refused',
        clientId,
        code: deadTokenCode(verdict.reason),
        reason: verdict.reason,
        endedAt: verdict.at,
        claims: parseAccessClaims(claims, parts.config.issuer),
      }
    case 'live': {
      const read = parseAccessClaims(claims, parts.config.issuer)
      const isForUs = read !== null && (audience === null || read.aud === audience)
      const isGood = isForUs && (await isOfClient(parts, read, facts.now))
      return isGood
        ? { tag: 'accepted', claims: read, kid }
        : { tag: 'refused', code: 'invalid_token', clientId }
    }
  }
}

async function verdictOf(
  readBucket: BucketReader,
  jti: unknown,
  userId: string | null,
  commitment: string,
): Promise<BucketVerdict> {
  const key = parseJti(jti)
  if (key === null) return judgeBucket(null, false)
  const bucket = await readBucket(key.sessionId, key.generation, userId)
  return judgeBucket(bucket, bucket !== null && digestsEqual(bucket.commitment, commitment))
}

/**
 * A deleted client has no sessions that could be ended, but tokens in its own name: they die with it, within the bound
 * of the clients' cache, and are none of a later client of the same id.
 */
export async function isOfClient(
  parts: Pick<Parts, 'findClient'>,
  claims: AccessClaims,
  now: number,
): Promise<boolean> {
  if (claims.sid !== undefined) return true
  const client = await parts.findClient(claims.client_id, now)
  return client !== null && client.createdAt <= claims.iat
}

/** Whom a token speaks of, or its forger claims to be: only what has the form of an id, so that no credential comes into an alarm. */
function partiesOf(claims: Readonly<Record<string, unknown>>): {
  clientId: string | null
  userId: string | null
} {
  const { client_id: clientId, sub: userId } = claims
  return {
    clientId: isClientId(clientId) ? clientId : null,
    userId: isTaggedId('u', userId) ? userId : null,
  }
}
