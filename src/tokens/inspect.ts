// The first three checks of every token we sign, in their fixed order: form, signature, expiry. None of them
// needs storage, so garbage costs no look-up and raises no alarm.
import type { KeyRing } from './key-ring.ts'
import { parseStrictJwt, type TokenType } from './strict-jwt.ts'

export type InspectedToken =
  /** Odd form, another typ, unknown key or bad signature. */
  | { readonly tag: 'invalid' }
  | { readonly tag: 'expired'; readonly claims: Readonly<Record<string, unknown>> }
  /** One of our keys signed it. Whether we issued it, only what is stored tells. */
  | {
      readonly tag: 'signed'
      readonly kid: string
      readonly claims: Readonly<Record<string, unknown>>
      readonly commitment: string
    }

export async function inspectToken(
  ring: KeyRing,
  typ: Exclude<TokenType, 'JWT'>,
  token: string,
  now: number,
): Promise<InspectedToken> {
  const jwt = parseStrictJwt(token)
  if (jwt === null || jwt.typ !== typ) return { tag: 'invalid' }
  const commitment = await ring.verify(jwt, token, now)
  if (commitment === null) return { tag: 'invalid' }
  const claims = jwt.claims ?? {}
  if (typeof claims.exp === 'number' && claims.exp <= now) return { tag: 'expired', claims }
  return { tag: 'signed', kid: jwt.kid, claims, commitment }
}
