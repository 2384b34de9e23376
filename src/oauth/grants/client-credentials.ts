// client_credentials (RFC 6749 §4.4): a client in its own name. No user, no session, nothing to refresh; its token has a
// bucket all the same, so that it can be retired and a forged one is noticed.
import { shardTagOfDigest } from '../../domain/ids.ts'
import { BUILT_IN_SCOPES, grantScope } from '../../domain/scope.ts'
import { insertClientBucket } from '../../store/buckets.ts'
import { run } from '../../store/d1.ts'
import { mintClientToken } from '../../tokens/access-token.ts'
import { randomBytes, randomTaggedId } from '../../tokens/random.ts'
import { useProof } from '../dpop.ts'
import { OAuthError } from '../errors.ts'
import { resolveAudience } from '../resource.ts'
import type { Grant } from './grant.ts'

export const clientCredentials: Grant = {
  grantType: 'client_credentials',
  parameters: ['scope', 'resource'],

  async exchange(parts, client, form, { now }, proof) {
    if (client.type === 'public') {
      throw new OAuthError('unauthorized_client', 'a confidential client is needed')
    }
    // The built-in scopes are about a user: not among those it has without asking, refused when it asks.
    const scope = grantScope(form.scope, client.scopes.filter(isNotAboutUsers))
    if (scope === null) throw new OAuthError('invalid_scope', 'not registered, or about a user')
    const audience = await resolveAudience(parts, client, form.resource)
    const jkt = await useProof(parts, proof)
    const id = randomTaggedId('m', shardTagOfDigest(randomBytes(2)))
    const { token, bucket } = await mintClientToken(
      parts.keys,
      {
        iss: parts.config.issuer,
        sub: client.id,
        aud: audience,
        client_id: client.id,
        scope,
        iat: now,
        exp: now + client.access_token_seconds,
        ...(jkt === null ? {} : { cnf: { jkt } }),
      },
      id,
    )
    await run(insertClientBucket(parts.shards.of(id), id, now, bucket))
    return {
      access_token: token,
      token_type: jkt === null ? 'Bearer' : 'DPoP',
      expires_in: client.access_token_seconds,
      scope,
      client_id: client.id,
    }
  },
}

const isNotAboutUsers = (name: string): boolean => !(BUILT_IN_SCOPES as readonly string[]).includes(name)
