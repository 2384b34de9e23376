// authorization_code (OAuth 2.1 §4.1.3): the session of the client begins here, under its rule. A second valid use of a
// code ends what the first produced; one that does not even know the verifier changes nothing.
import type { Client } from '../../domain/client.ts'
import { endSessionsOf } from '../../sign-in/end-sessions.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import type { AuthorizationCode } from '../../store/authorization-codes.ts'
import { findCause } from '../../store/events.ts'
import { digestsEqual } from '../../tokens/digest.ts'
import type { DpopProof } from '../../tokens/dpop-proof.ts'
import { codeOpId, readCode } from '../authorize/issue-code.ts'
import { invalidGrant } from '../errors.ts'
import { type FormParameters, required } from '../parameters.ts'
import { requiredChallenge } from '../proof-key.ts'
import { refuseOtherResource } from '../resource.ts'
import { beginAuthorized } from './begin-authorized.ts'
import type { Grant } from './grant.ts'

export const authorizationCode: Grant = {
  grantType: 'authorization_code',
  parameters: ['code', 'redirect_uri', 'code_verifier', 'resource'],

  async exchange(parts, client, form, facts, proof) {
    const text = required(form, 'code')
    const challenge = await requiredChallenge(form)
    const code = await readCode(parts, text)
    if (code === null) throw invalidGrant('no such code')
    refuseUnbound(code, client, challenge, form, proof)
    const opId = codeOpId(code.codeDigest)
    if (code.expiresAt <= facts.now) {
      const cause = await findCause(parts.shards.of(code.userId), opId)
      if (cause !== null) await endReused(parts, code, cause.sessionId, facts)
      throw invalidGrant('expired')
    }
    const begin = { authorization: code, opId, startedIn: 'browser', nonce: code.nonce, proof } as const
    const begun = await beginAuthorized(parts, client, begin, facts)
    if (begun.tag === 'begun') return begun.answer
    await endReused(parts, code, begun.sessionId, facts)
    throw invalidGrant('used before')
  },
}

function refuseUnbound(
  code: AuthorizationCode,
  client: Client,
  challenge: string,
  form: FormParameters,
  proof: DpopProof | null,
): void {
  if (code.clientId !== client.id) throw invalidGrant('another client')
  if (!digestsEqual(code.codeChallenge, challenge)) throw invalidGrant('wrong verifier')
  if (code.dpopJkt !== null && code.dpopJkt !== proof?.jkt) throw invalidGrant('bound to another key')
  if (form.redirect_uri !== undefined && form.redirect_uri !== code.redirectUri) {
    throw invalidGrant('another redirect URI')
  }
  refuseOtherResource(form.resource, code.audience)
}

/** Somebody else has a copy of the code: what it produced ends (OAuth 2.1 §4.1.3). */
async function endReused(
  parts: Parts,
  { clientId, userId }: AuthorizationCode,
  sessionId: string | null,
  facts: RequestFacts,
): Promise<void> {
  const detail = 'an authorization code was used again'
  parts.alarms.raise({ kind: 'code.reused', kid: null, clientId, userId, detail }, facts.now, facts.waitUntil)
  if (sessionId === null) return
  const selection = { kind: 'one', sessionId } as const
  const opId = `code-reused:${sessionId}`
  const change = { opId, selection, reason: 'code_reused', by: { kind: 'system' } } as const
  await endSessionsOf(parts, userId, change, facts.now)
}
