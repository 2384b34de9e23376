// Signatures by keys that are not ours.
import { compactVerify, importJWK } from 'jose'
import type { PublicJwk } from '../domain/public-jwk.ts'
import { sha256 } from './digest.ts'

/** Whether this key made the signature; false for coordinates that are no point of the curve. */
export async function isSignedBy(jwk: PublicJwk, token: string): Promise<boolean> {
  try {
    await compactVerify(token, await importJWK({ ...jwk }, 'ES256'), { algorithms: ['ES256'] })
    return true
  } catch {
    return false
  }
}

/** SHA-256, base64url: of these members in this order (RFC 7638 §3). */
export const thumbprint = ({ crv, kty, x, y }: PublicJwk): Promise<string> =>
  sha256(JSON.stringify({ crv, kty, x, y }))
