// Access tokens (RFC 9068): minted with a bucket; their claims are read once their commitment has matched.
import { type Jti, jtiOf } from '../domain/ids.ts'
import type { NewBucket } from '../domain/session.ts'
import type { TokenClaims } from '../verifier/token-service.ts'
import type { KeyRing } from './key-ring.ts'
import { randomSecret } from './random.ts'

export const ACCESS_TOKEN_TYP = 'at+jwt'

interface CommonClaims extends Omit<TokenClaims, 'sid' | 'auth_time'> {
  /** The entropy bucket: 32 random bytes, base64url. */
  readonly eb: string
}

/** Of a user's session. */
export interface SessionClaims extends CommonClaims {
  readonly sid: string
  readonly auth_time: number
  readonly amr: readonly string[]
}

/** Of a client in its own name, which is then its `sub`: there is no user and no session. */
export interface ClientClaims extends CommonClaims {
  readonly sid?: never
  readonly auth_time?: never
  readonly amr?: never
}

export type AccessClaims = SessionClaims | ClientClaims

export interface Minted {
  readonly token: string
  readonly bucket: NewBucket
}

/** Mints the token of one generation of one session, and what is stored about it. */
export const mintAccessToken = (
  ring: KeyRing,
  claims: Omit<SessionClaims, 'jti' | 'sid' | 'eb'>,
  jti: Jti,
): Promise<Minted> => mint(ring, { ...claims, jti: jtiOf(jti), sid: jti.sessionId, eb: randomSecret() })

/** @param id `m_…`, of this one token */
export const mintClientToken = (
  ring: KeyRing,
  claims: Omit<ClientClaims, 'jti' | 'eb'>,
  id: string,
): Promise<Minted> =>
  mint(ring, { ...claims, jti: jtiOf({ sessionId: id, generation: 1 }), eb: randomSecret() })

async function mint(ring: KeyRing, claims: AccessClaims): Promise<Minted> {
  const { token, commitment } = await ring.sign(ACCESS_TOKEN_TYP, claims, claims.iat)
  return { token, bucket: { audience: claims.aud, commitment, expiresAt: claims.exp } }
}

/** The claims of a token whose commitment matched, or null when they are not an access token's of this issuer. */
export function parseAccessClaims(
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
): AccessClaims | null {
  const texts = ['sub', 'aud', 'client_id', 'scope', 'jti', 'eb'] as const
  const times = ['iat', 'exp'] as const
  const isOfNobody = (['sid', 'auth_time', 'amr'] as const).every(name => claims[name] === undefined)
  const isOfSession =
    typeof claims.sid === 'string' && Number.isSafeInteger(claims.auth_time) && Array.isArray(claims.amr)
  const isComplete =
    claims.iss === issuer &&
    texts.every(name => typeof claims[name] === 'string') &&
    times.every(name => Number.isSafeInteger(claims[name])) &&
    (isOfNobody || isOfSession) &&
    isConfirmation(claims.cnf)
  return isComplete ? (claims as unknown as AccessClaims) : null
}

/** What others are told of a good token. Without the bucket: they log claims. */
export const shownClaims = ({ eb: _, amr: __, ...claims }: AccessClaims): TokenClaims => claims

/** Absent, or the thumbprint of a key: a token that is bound in a way unknown here must not pass as unbound. */
const isConfirmation = (cnf: unknown): boolean =>
  cnf === undefined ||
  (typeof cnf === 'object' && cnf !== null && typeof (cnf as { jkt?: unknown }).jkt === 'string')
