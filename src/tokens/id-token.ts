// ID tokens (OpenID Connect Core §2). They authorise nothing here, so nothing is stored about them.
import type { KeyRing } from './key-ring.ts'

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
  return (await ring.sign('JWT', claims, claims.iat)).token
}
