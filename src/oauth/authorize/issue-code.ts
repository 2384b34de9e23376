// The code of an authorization: made from the decision that it stands for, so that a form sent twice yields one code.
import type { AuthorizationRequest } from '../../domain/authorization.ts'
import { tagOf } from '../../domain/ids.ts'
import { AUTHORIZATION_CODE_SECONDS } from '../../domain/limits.ts'
import type { Session } from '../../domain/session.ts'
import { record } from '../../records/record.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { type AuthorizationCode, findCode, insertCode } from '../../store/authorization-codes.ts'
import { findCause } from '../../store/events.ts'
import { deviceMarks } from '../../tokens/device-marks.ts'
import { digest } from '../../tokens/digest.ts'

const FORM = /^a_([a-z2-7]{2})[A-Za-z0-9_-]{43}$/

/** @returns null when the decision was acted on before */
export async function issueCode(
  parts: Pick<Parts, 'secrets' | 'shards'>,
  request: AuthorizationRequest,
  session: Session,
  decisionId: string,
  facts: RequestFacts,
): Promise<string | null> {
  const db = parts.shards.of(session.userId)
  const [fresh, ...others] = await possibleCodes(parts, session, decisionId)
  if (fresh === undefined) return null
  const code = {
    codeDigest: fresh.codeDigest,
    userId: session.userId,
    clientId: request.clientId,
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge,
    scope: request.scope,
    audience: request.audience,
    nonce: request.nonce,
    dpopJkt: request.dpopJkt,
    browserSessionId: session.id,
    signedInWith: session.signedInWith,
    authTime: session.createdAt,
    device: facts.device,
    place: facts.place,
    marks: await deviceMarks(parts.secrets, session.userId, facts.device, facts),
    expiresAt: facts.now + AUTHORIZATION_CODE_SECONDS,
  }
  const otherDigests = others.map(each => each.codeDigest)
  if (await insertCode(db, code, otherDigests)) {
    record('code.issued', { client_id: request.clientId })
    return fresh.text
  }
  for (const { text, codeDigest } of [fresh, ...others]) {
    const known = await findCode(db, codeDigest)
    if (known === null) continue
    const isUsable = known.expiresAt > facts.now && (await findCause(db, codeOpId(codeDigest))) === null
    return isUsable ? text : null
  }
  return null
}

/** The decision's code, first; and what it is where another secret is in use. */
async function possibleCodes({ secrets }: Pick<Parts, 'secrets'>, { userId }: Session, decisionId: string) {
  const macs = await secrets.macs('authorization-code', decisionId)
  const texts = macs.map(mac => `a_${tagOf(userId)}${mac}`)
  return Promise.all(
    texts.map(async text => ({ text, codeDigest: await digest('authorization-code', text) })),
  )
}

/** The stored side of a code, or null for one that we never issued. */
export async function readCode(
  parts: Pick<Parts, 'shards'>,
  text: string,
): Promise<AuthorizationCode | null> {
  const tag = FORM.exec(text)?.[1]
  return tag === undefined
    ? null
    : findCode(parts.shards.ofTag(tag), await digest('authorization-code', text))
}

/** A code is spent by being the opId of the session that begins. */
export const codeOpId = (codeDigest: string): string => `code:${codeDigest}`
