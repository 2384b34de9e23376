// The credentials of one generation of a session, and the token answer that carries them (RFC 6749 §5.1).
import type { Client } from '../domain/client.ts'
import { ID_TOKEN_SECONDS } from '../domain/limits.ts'
import { splitScope } from '../domain/scope.ts'
import type { NewBucket } from '../domain/session.ts'
import type { Parts } from '../sign-in/parts.ts'
import { mintAccessToken } from '../tokens/access-token.ts'
import { digest } from '../tokens/digest.ts'
import { mintIdToken } from '../tokens/id-token.ts'
import { randomSecret } from '../tokens/random.ts'
import { mintRefreshToken, type RefreshFacts } from '../tokens/refresh-token.ts'

export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer' | 'DPoP'
  readonly expires_in: number
  readonly scope: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly client_id: string
  /** Of nobody, where a client acts in its own name. */
  readonly user_id?: string
}

export interface TokenRequest {
  readonly client: Client
  readonly sessionId: string
  readonly generation: number
  /** What every generation of the session shares. */
  readonly facts: RefreshFacts
  /** Of this access token: within the facts' scope. */
  readonly scope: string
  readonly audience: string
  /** Of the authorization request, for the ID token that answers it. */
  readonly nonce?: string | null
  /** Thumbprint of the key to bind to, from `useProof`; null for a bearer token. */
  readonly jkt: string | null
  readonly now: number
}

export interface MintedCredentials {
  readonly secretDigest: string
  readonly bucket: NewBucket
  readonly answer: TokenAnswer
}

export async function mintCredentials(
  parts: Pick<Parts, 'config' | 'keys' | 'secrets'>,
  request: TokenRequest,
): Promise<MintedCredentials> {
  const { client, sessionId, generation, facts, scope, audience, jkt, nonce = null, now } = request
  const { issuer } = parts.config
  const expiresAt = Math.min(now + client.access_token_seconds, facts.absoluteExpiresAt)
  const access = await mintAccessToken(
    parts.keys,
    {
      iss: issuer,
      sub: facts.userId,
      aud: audience,
      client_id: client.id,
      scope,
      iat: now,
      exp: expiresAt,
      auth_time: facts.authTime,
      amr: facts.amr,
      ...(jkt === null ? {} : { cnf: { jkt } }),
    },
    { sessionId, generation },
  )
  const refresh = client.grant_types.includes('refresh_token')
    ? await mintRefreshToken(parts.secrets, sessionId, generation, boundFacts(client, facts, jkt))
    : null
  const idToken = splitScope(scope).includes('openid')
    ? await mintIdToken(parts.keys, {
        iss: issuer,
        sub: facts.userId,
        aud: client.id,
        iat: now,
        exp: now + ID_TOKEN_SECONDS,
        auth_time: facts.authTime,
        amr: facts.amr,
        sid: sessionId,
        ...(nonce === null ? {} : { nonce }),
      })
    : null
  return {
    secretDigest: refresh?.digest ?? (await digest('refresh-token', randomSecret())),
    bucket: access.bucket,
    answer: {
      access_token: access.token,
      token_type: jkt === null ? 'Bearer' : 'DPoP',
      expires_in: expiresAt - now,
      scope,
      ...(refresh === null ? {} : { refresh_token: refresh.text }),
      ...(idToken === null ? {} : { id_token: idToken }),
      client_id: client.id,
      user_id: facts.userId,
    },
  }
}

/** A confidential client's refresh token is bound to it by its own authentication (RFC 9449 §5). */
const boundFacts = (client: Client, facts: RefreshFacts, jkt: string | null): RefreshFacts =>
  client.type === 'public' && jkt !== null ? { ...facts, jkt } : facts
