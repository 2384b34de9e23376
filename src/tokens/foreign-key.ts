// Signatures by keys that are not ours.
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import type { PublicJwk } from '../domain/public-jwk.ts'

/** Whether this key made the signature; false for coordinates that are no point of the curve. */
export async function isSignedBy(jwk: PublicJwk, token: string): Promise<boolean> {
  try {
    await compactVerify(token, await importJWK({ ...jwk }, 'ES256'), { algorithms: ['ES256'] })
    return true
  } catch {
    return false
  }
}

/** RFC 7638, SHA-256, base64url. */
export const thumbprint = (jwk: PublicJwk): Promise<string> => calculateJwkThumbprint({ ...jwk }, 'sha256')
