// Access tokens (RFC 6750, RFC 9449): from the Authorization header only, strongly validated, refused with the reason.
import { splitScope } from '../domain/scope.ts'
import { rfc3339 } from '../domain/time.ts'
import { type BucketReader, type Validation, validateAccessToken } from '../oauth/validate.ts'
import { identify, type Who } from '../records/record.ts'
import { findBucket, findBucketWith } from '../store/buckets.ts'
import type { UserRead } from '../store/user-read.ts'
import type { AccessClaims, SessionClaims } from '../tokens/access-token.ts'
import { isForm, readForm } from './body.ts'
import type { LatchkeyContext } from './context.ts'
import { challenge, checkPossession, type PresentedToken, refuseUsedProof } from './possession.ts'
import { Problem } from './problem.ts'
import { endedByMembers } from './session-end-view.ts'

/** What an endpoint demands. `audience: 'any'`: endpoints that speak only about the token that is presented. */
export interface BearerDemand {
  readonly audience: 'issuer' | 'any'
  readonly scope?: string
}

/** The claims of a live token. Throws 401 with a challenge, 403 for a missing scope, 400 for two methods. */
export async function requireBearer(c: LatchkeyContext, demand: BearerDemand): Promise<AccessClaims> {
  const token = presentedToken(c)
  if (token === null) throw unauthorized()
  return checkToken(c, token, demand)
}

/**
 * The claims of a live token, and what was read of its user with its bucket: nothing for a client's own token. Throws as
 * requireBearer does.
 */
export async function requireBearerWith(
  c: LatchkeyContext,
  demand: BearerDemand,
  { statements }: Pick<UserRead<unknown>, 'statements'>,
): Promise<{ readonly claims: AccessClaims; readonly results: readonly D1Result[] }> {
  const token = presentedToken(c)
  if (token === null) throw unauthorized()
  let results: readonly D1Result[] = []
  const claims = await checkToken(c, token, demand, async (sessionId, generation, userId) => {
    const db = c.var.parts.shards.of(sessionId)
    const others = userId === null ? [] : statements(db, userId)
    if (others.length === 0) return findBucket(db, sessionId, generation)
    const answer = await findBucketWith(db, sessionId, generation, others)
    results = answer.results
    return answer.bucket
  })
  return { claims, results }
}

/** The claims of this token, wherever it came from. Throws as requireBearer does. */
export async function checkToken(
  c: LatchkeyContext,
  token: PresentedToken,
  demand: BearerDemand,
  readBucket?: BucketReader,
): Promise<AccessClaims> {
  const { parts, facts } = c.var
  const audience = demand.audience === 'issuer' ? parts.config.issuer : null
  const validation = await validateAccessToken(parts, token.text, audience, facts, readBucket)
  await nameClient(c, validation)
  identify(whoOf(validation))
  if (validation.tag === 'refused') throw await refusal(c, token, validation)
  const { claims } = validation
  const proof = await checkPossession(c, token, claims)
  if (demand.scope !== undefined && !splitScope(claims.scope).includes(demand.scope)) {
    const value = `${challenge(token.scheme, 'insufficient_scope')}, scope="${demand.scope}"`
    throw new Problem('insufficient_scope', { headers: { 'WWW-Authenticate': value } })
  }
  await refuseUsedProof(c, proof)
  return claims
}

/** Of a token that is refused, the client at most is known. */
function whoOf(validation: Validation): Partial<Who> {
  if (validation.tag === 'refused') {
    return validation.clientId === null ? {} : { client_id: validation.clientId }
  }
  const { sid, sub, client_id } = validation.claims
  if (sid === undefined) return { actor: 'client', actor_id: client_id, client_id }
  return { actor: 'session', actor_id: sid, user_id: sub, session_id: sid, client_id }
}

/** Of a token that speaks for a user: a client in its own name is none. Throws 401. */
export function ofUser(claims: AccessClaims): SessionClaims {
  if (claims.sid !== undefined) return claims
  throw new Problem('invalid_token', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })
}

/** Pages of other origins learn of a refusal too, where it is known that the token was their client's. */
async function nameClient(c: LatchkeyContext, validation: Validation): Promise<void> {
  const clientId = validation.tag === 'accepted' ? validation.claims.client_id : validation.clientId
  if (clientId === null || c.req.header('Origin') === undefined) return
  const client = await c.var.parts.findClient(clientId, c.var.facts.now)
  if (client !== null) c.set('client', client)
}

/** null when no token came. Throws when it came, or also came, in another way than the header. */
export function presentedToken(c: LatchkeyContext): PresentedToken | null {
  if (c.req.query('access_token') !== undefined) throw misplaced()
  const header = c.req.header('Authorization')
  if (header === undefined) return null
  const [, scheme = '', text = null] = /^(Bearer|DPoP) +(\S.*)$/i.exec(header) ?? []
  return text === null ? null : { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', text }
}

/** For endpoints that need no body: a token in a form is refused like one in the query (RFC 6750 §2.2). */
export async function refuseTokenInForm(c: LatchkeyContext): Promise<void> {
  if (isForm(c) && (await readForm(c)).access_token !== undefined) throw misplaced()
}

/** Nobody was named: says how to. */
export const unauthorized = (): Problem =>
  new Problem('unauthorized', { headers: { 'WWW-Authenticate': 'Bearer realm="latchkey"' } })

/** RFC 6750 §3.1 */
const misplaced = (): Problem =>
  new Problem('invalid_request', {
    detail: 'the token belongs in the Authorization header',
    headers: { 'WWW-Authenticate': challenge('Bearer', 'invalid_request') },
  })

type Refused = Extract<Validation, { tag: 'refused' }>

async function refusal(c: LatchkeyContext, token: PresentedToken, validation: Refused): Promise<Problem> {
  const headers = { 'WWW-Authenticate': challenge(token.scheme, 'invalid_token') }
  return new Problem(validation.code, { headers, members: await whyDead(c, token, validation) })
}

/** For the holder of a token that we issued: why it is dead, and by whom its session was ended. */
async function whyDead(
  c: LatchkeyContext,
  token: PresentedToken,
  validation: Refused,
): Promise<Readonly<Record<string, unknown>>> {
  if (!('reason' in validation)) return {}
  const { code, reason, endedAt, claims } = validation
  const why = { reason, ended_at: rfc3339(endedAt) }
  if (code === 'token_rotated' || claims?.sid === undefined) return why
  return { ...why, ...(await endedByMembers(c, code, claims, await mayKnowWhere(c, token, claims))) }
}

/**
 * Where its user is signed in is the business of our own apps, and of those that may read the list of sessions; of a bound
 * token, with its proof.
 */
async function mayKnowWhere(
  c: LatchkeyContext,
  token: PresentedToken,
  claims: SessionClaims,
): Promise<boolean> {
  const isHeld = await checkPossession(c, token, claims).then(
    () => true,
    () => false,
  )
  if (!isHeld) return false
  if (splitScope(claims.scope).includes('sessions')) return true
  const client = await c.var.parts.findClient(claims.client_id, c.var.facts.now)
  return client?.kind === 'first_party'
}
