// urn:latchkey:grant-type:magic-link: a link or typed code, with the PKCE verifier of whoever asked for it.
import { MAGIC_LINK_GRANT } from '../../domain/client.ts'
import { isTaggedId } from '../../domain/ids.ts'
import { joinScope } from '../../domain/scope.ts'
import { absoluteExpiry } from '../../domain/session.ts'
import { parseCode } from '../../domain/typed-code.ts'
import { deviceOf, openSession } from '../../sign-in/open-session.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { type Proof, proveByCode, proveByLink } from '../../sign-in/prove.ts'
import { deviceMarks } from '../../tokens/device-marks.ts'
import { mintCredentials } from '../credentials.ts'
import { useProof } from '../dpop.ts'
import { invalidGrant, OAuthError } from '../errors.ts'
import { type FormParameters, required } from '../parameters.ts'
import { requiredChallenge } from '../proof-key.ts'
import { stillRegistered } from '../registered.ts'
import { resolveAudience } from '../resource.ts'
import type { Grant } from './grant.ts'

export const magicLink: Grant = {
  grantType: MAGIC_LINK_GRANT,
  parameters: ['code_verifier', 'token', 'sign_in_id', 'code', 'resource'],

  async exchange(parts, client, form, facts, possession) {
    const proof = await prove(parts, form, facts)
    if (proof.tag === 'refused') throw invalidGrant(proof.why)
    if (proof.signIn.clientId !== client.id) throw invalidGrant('another client')
    const scope = joinScope(stillRegistered(client, proof.signIn.scope))
    const signIn = { ...proof.signIn, scope }
    const audience = await resolveAudience(parts, client, form.resource)
    const jkt = await useProof(parts, possession)

    const opened = await openSession(
      parts,
      {
        signIn,
        userId: proof.userId,
        state: proof.state,
        signedInWith: proof.signedInWith,
        client,
        formerSessionId: null,
        marks: userId => deviceMarks(parts.secrets, userId, deviceOf(signIn, facts), facts),
        mint: (userId, sessionId) =>
          mintCredentials(parts, {
            client,
            sessionId,
            generation: 1,
            facts: {
              userId,
              clientId: client.id,
              scope,
              audience,
              authTime: facts.now,
              amr: [proof.signedInWith],
              absoluteExpiresAt: absoluteExpiry(facts.now),
            },
            scope,
            audience,
            jkt,
            now: facts.now,
          }),
      },
      facts,
    )
    if (opened.tag === 'spent') throw invalidGrant('used before')
    if (opened.tag === 'code_required') {
      throw new OAuthError('invalid_grant', 'this time the link is not enough: send sign_in_id and code', {
        latchkeyCode: opened.tag,
      })
    }
    if (opened.tag === 'refused') {
      throw new OAuthError('access_denied', 'this sign-in is not allowed', { latchkeyCode: opened.why })
    }
    return opened.answer
  },
}

async function prove(parts: Parts, form: FormParameters, facts: RequestFacts): Promise<Proof> {
  const challenge = await requiredChallenge(form)
  if (form.token !== undefined) {
    if (form.code !== undefined || form.sign_in_id !== undefined) {
      throw new OAuthError('invalid_request', 'either token, or sign_in_id and code')
    }
    return proveByLink(parts, form.token, challenge, 'app', facts)
  }
  const signInId = required(form, 'sign_in_id')
  const code = required(form, 'code')
  if (!isTaggedId('i', signInId)) throw invalidGrant('no such sign-in')
  return proveByCode(parts, signInId, parseCode(code), challenge, 'app', facts)
}
