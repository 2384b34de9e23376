// One signing key: made, sealed, unsealed, shown.
import type { JWK } from 'jose'
import type { NewSigningKey, SigningKeyRow } from '../store/signing-keys.ts'
import { randomId } from './random.ts'
import type { Secrets } from './secrets.ts'

/** Of everything that is signed here. */
export const ALG = 'ES256'
const P256 = { name: 'ECDSA', namedCurve: 'P-256' }

/** A new P-256 key, its private part sealed. */
export async function generateKey(
  secrets: Secrets,
  { state, knownAt }: Pick<NewSigningKey, 'state' | 'knownAt'>,
): Promise<NewSigningKey> {
  const kid = randomId('k')
  const pair = (await crypto.subtle.generateKey(P256, true, ['sign', 'verify'])) as CryptoKeyPair
  // Without what WebCrypto adds for itself (key_ops, ext).
  const { kty, crv, x, y, d } = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey
  const privateJwk = JSON.stringify({ kty, crv, x, y, d })
  return {
    kid,
    state,
    knownAt,
    publicJwk: JSON.stringify(publicMembers(privateJwk)),
    sealedPrivateJwk: await secrets.seal('signing-key', kid, privateJwk),
  }
}

/** The private JWK of a stored key. Throws when the sealing secret is not the one that sealed it. */
export async function unsealKey(
  secrets: Secrets,
  key: Pick<SigningKeyRow, 'kid' | 'sealed_private_jwk'>,
): Promise<JWK> {
  const text =
    key.sealed_private_jwk === null
      ? null
      : await secrets.unseal('signing-key', key.kid, key.sealed_private_jwk)
  if (text === null)
    throw new Error(`signing key ${key.kid} cannot be unsealed: is SEALING_SECRET the right one?`)
  return JSON.parse(text) as JWK
}

/** As it is published (RFC 7517). */
export const publishedJwk = (key: Pick<SigningKeyRow, 'kid' | 'public_jwk'>) => ({
  ...publicMembers(key.public_jwk),
  kid: key.kid,
  alg: ALG,
  use: 'sig',
})

function publicMembers(text: string): JWK {
  const { kty, crv, x, y } = JSON.parse(text) as Record<string, string>
  return { kty, crv, x, y } as JWK
}
