// Verification over a service binding. Who calls is what the binding's props say, which only whoever deploys can set.
import type { Client } from '../domain/client.ts'
import { splitScope } from '../domain/scope.ts'
import { rfc3339 } from '../domain/time.ts'
import { errorName, log } from '../log.ts'
import { isFirstUse } from '../oauth/first-use.ts'
import { isShownTo } from '../oauth/introspect.ts'
import { retirementsFor } from '../oauth/retirements.ts'
import { type Refused, type VerificationFacts, verifyToken, verifyToRemember } from '../oauth/verify-token.ts'
import type { Parts } from '../sign-in/parts.ts'
import { StorageUnavailable } from '../store/d1.ts'
import { type AccessClaims, shownClaims } from '../tokens/access-token.ts'
import { checkDpopProof } from '../tokens/dpop-proof.ts'
import type { FeedAnswer } from '../verifier/bounded-verifier.ts'
import type { FeedPosition } from '../verifier/feed-position.ts'
import type {
  VerifyAcceptance,
  VerifyAnswer,
  VerifyDemand,
  VerifyRefusal,
  VerifyRefusalCode,
} from '../verifier/token-service.ts'

export interface CallerProps {
  /** A confidential client: the resource server. */
  readonly client_id: string
}

/** Never throws for storage: an error that crosses a binding says nothing. */
export async function verifyForCaller(
  parts: Parts,
  props: Partial<CallerProps>,
  token: string,
  demand: VerifyDemand,
  facts: VerificationFacts,
): Promise<VerifyAnswer> {
  try {
    const caller = await findCaller(parts, props, facts.now)
    if (caller === null) return refusal('unauthorized_client')
    const answer = await verify(parts, caller, token, demand, facts)
    if (answer.tag === 'refused') return answer
    return (await findFault(parts, caller, token, answer.claims, demand, facts)) ?? answer
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error
    log('error', { event: 'verify.unavailable', error: errorName(error) })
    return refusal('unavailable')
  }
}

/** Throws StorageUnavailable. */
export async function retirementsForCaller(
  parts: Parts,
  props: Partial<CallerProps>,
  after: FeedPosition,
  now: number,
): Promise<FeedAnswer | null> {
  const caller = await findCaller(parts, props, now)
  return caller === null ? null : retirementsFor(parts, caller, after, now)
}

async function findCaller(
  parts: Parts,
  { client_id: id }: Partial<CallerProps>,
  now: number,
): Promise<Client | null> {
  const client = typeof id === 'string' ? await parts.findClient(id, now) : null
  return client?.type === 'confidential' ? client : null
}

async function verify(
  parts: Parts,
  caller: Client,
  token: string,
  { mode = 'bounded', remember = false }: VerifyDemand,
  facts: VerificationFacts,
): Promise<VerifyAnswer> {
  if (!remember) {
    const answer = await verifyToken(parts, caller, token, mode, facts)
    return answer.tag === 'refused' ? refusalOf(answer) : acceptance(answer.claims, answer.asOf)
  }
  const answer = await verifyToRemember(parts, caller, token, facts)
  if (answer.tag === 'refused') return refusalOf(answer)
  const { claims, position, until } = answer
  const accepted = acceptance(claims, facts.nowMs)
  // A proof is good once: whoever holds a bound token has to be judged here each time.
  if (position === null || claims.cnf !== undefined) return accepted
  return { ...accepted, memory: { position, until } }
}

const acceptance = (claims: AccessClaims, asOf: number): VerifyAcceptance => ({
  tag: 'accepted',
  claims: shownClaims(claims),
  as_of: asOf / 1_000,
})

const refusal = (code: VerifyRefusalCode): VerifyRefusal => ({ tag: 'refused', code })

const refusalOf = (refused: Refused): VerifyRefusal =>
  'reason' in refused
    ? { ...refusal(refused.code), reason: refused.reason, ended_at: rfc3339(refused.endedAt) }
    : refusal(refused.code)

async function findFault(
  parts: Parts,
  caller: Client,
  token: string,
  claims: VerifyAcceptance['claims'],
  { audience = caller.audience ?? '', scope = '', proof }: VerifyDemand,
  facts: VerificationFacts,
): Promise<VerifyRefusal | null> {
  if (!isShownTo(caller, claims) || claims.aud !== audience) return refusal('invalid_token')
  const has = splitScope(claims.scope)
  if (!splitScope(scope).every(each => has.includes(each))) return refusal('insufficient_scope')
  if (claims.cnf === undefined && proof === undefined) return null
  const { text = '', method = '', uri = '' } = proof ?? {}
  const checked = await checkDpopProof(text, { method, uri, accessToken: token }, facts.now)
  const isGood = checked !== null && checked.jkt === claims.cnf?.jkt && (await isFirstUse(parts, checked.id))
  return isGood ? null : refusal('invalid_dpop_proof')
}
