// Magic links: single use, bound to whoever asked, and looked up like an access token.
import type { KeyRing, SignedToken } from './key-ring.ts'
import { randomSecret } from './random.ts'

export const LINK_TYP = 'magic-link+jwt'

/** @returns the token for the mail and the commitment that is stored; `jti` is the sign-in's id */
export const mintLink = (
  ring: KeyRing,
  issuer: string,
  signInId: string,
  issuedAt: number,
  expiresAt: number,
): Promise<SignedToken> =>
  ring.sign(
    LINK_TYP,
    { iss: issuer, aud: issuer, jti: signInId, iat: issuedAt, exp: expiresAt, eb: randomSecret() },
    issuedAt,
  )
