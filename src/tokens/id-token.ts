// ID tokens (OpenID Connect Core §2). They authorise nothing here, so nothing is stored about them.
import { isClientId, isTaggedId } from '../domain/ids.ts'
import type { KeyRing } from './key-ring.ts'
import { parseStrictJwt } from './strict-jwt.ts'

const ID_TOKEN_TYP = 'JWT'

export interface IdClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  readonly iat: number
  readonly exp: number
  readonly auth_time: number
  readonly amr: readonly string[]
  readonly sid: string
  readonly nonce?: string
}

export async function mintIdToken(ring: KeyRing, claims: IdClaims): Promise<string> {
  return (await ring.sign(ID_TOKEN_TYP, claims, claims.iat)).token
}

/** Whom a client means when it shows an ID token of ours as a hint. */
export interface IdTokenHint {
  readonly userId: string
  readonly clientId: string
  readonly sessionId: string
}

/** null for anything that we did not sign as an ID token. An expired one is still a hint (RP-Initiated Logout 1.0 §2). */
export async function readIdTokenHint(
  ring: KeyRing,
  issuer: string,
  token: string,
  now: number,
): Promise<IdTokenHint | null> {
  const jwt = parseStrictJwt(token)
  if (jwt === null || jwt.typ !== ID_TOKEN_TYP || (await ring.verify(jwt, token, now)) === null) return null
  const { iss, sub, aud, sid } = jwt.claims ?? {}
  if (iss !== issuer || !isTaggedId('u', sub) || !isClientId(aud) || !isTaggedId('s', sid)) return null
  return { userId: sub, clientId: aud, sessionId: sid }
}
