// Tokens for resource servers: strongly, or out of memory within the declared bound. Which of the two, the resource server
// chooses for all of its tokens, for a scope or for a single call; the stricter choice counts.
import type { Client, ValidationMode } from '../domain/client.ts'
import { CLIENT_CACHE_SECONDS } from '../domain/limits.ts'
import { splitScope } from '../domain/scope.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'
import { findBucketInFeed } from '../store/buckets.ts'
import type { AccessClaims } from '../tokens/access-token.ts'
import { parseStrictJwt } from '../tokens/strict-jwt.ts'
import type { Accepted, StrongAnswer, TokenSource } from '../verifier/bounded-verifier.ts'
import type { FeedPosition } from '../verifier/feed-position.ts'
import { positionFor, readFeed } from './retirements.ts'
import { isOfClient, type Validation, validateAccessToken } from './validate.ts'

export type Refused = Extract<Validation, { tag: 'refused' }>

export type VerificationFacts = Pick<RequestFacts, 'now' | 'nowMs' | 'waitUntil'>

/** Throws StorageUnavailable when neither memory nor storage can tell: refused, never accepted. */
export async function verifyToken(
  parts: Parts,
  caller: Client,
  token: string,
  mode: ValidationMode,
  facts: VerificationFacts,
): Promise<Accepted<AccessClaims> | Refused> {
  if (mode === 'bounded' && !isStrict(caller, token)) {
    const { nowMs, waitUntil } = facts
    const answer = await parts.verifier.verify(token, { nowMs, waitUntil, source: sourceFor(parts, facts) })
    // No feed tells that a client was deleted, with which its own tokens die.
    if (answer.tag === 'refused' || (await isOfClient(parts, answer.claims, facts.now))) return answer
  }
  const validation = await validateAccessToken(parts, token, null, facts)
  if (validation.tag === 'refused') return validation
  return { tag: 'accepted', claims: validation.claims, asOf: facts.nowMs }
}

/** Strongly, with what a resource server needs to remember the token. */
export async function verifyToRemember(
  parts: Parts,
  caller: Client,
  token: string,
  facts: VerificationFacts,
): Promise<StrongAnswer<AccessClaims, Refused>> {
  // Whoever remembers a client's own token has it as long as we have the client, which is read now.
  const answer = await sourceFor({ ...parts, findClient: parts.reloadClient }, facts).verify(token)
  if (answer.tag === 'refused') return answer
  const { claims, position } = answer
  const until = claims.sid === undefined ? Math.min(claims.exp, facts.now + CLIENT_CACHE_SECONDS) : claims.exp
  // The feed is told by audience, and a strict resource server asks each time.
  const mayRemember = claims.aud === caller.audience && !isStrict(caller, token)
  return { ...answer, position: position && mayRemember ? await positionFor(caller, position) : null, until }
}

/** Judged before the token is: if it is good, it says what it said. */
function isStrict(caller: Client, token: string): boolean {
  if (caller.validation_mode === 'strong') return true
  if (caller.strong_scopes.length === 0) return false
  const scope = parseStrictJwt(token)?.claims?.scope
  return typeof scope === 'string' && splitScope(scope).some(each => caller.strong_scopes.includes(each))
}

const sourceFor = (parts: Parts, facts: VerificationFacts): TokenSource<AccessClaims, Refused> => ({
  async verify(token) {
    let position: FeedPosition | null = null
    const validation = await validateAccessToken(parts, token, null, facts, async (sessionId, generation) => {
      const { bucket, seq } = await findBucketInFeed(parts.shards.of(sessionId), sessionId, generation)
      position = { feed: parts.shards.feedOf(sessionId), seq }
      return bucket
    })
    if (validation.tag === 'refused') return validation
    return { ...validation, position, until: validation.claims.exp }
  },
  retirements: after => readFeed(parts, after, null, facts.now),
})
