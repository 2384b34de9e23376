// Another party with a P-256 key of its own: it proves possession of it, and signs whatever a test wants.
import { calculateJwkThumbprint } from 'jose'
import { sha256 } from '../../../src/tokens/digest.ts'
import { newSigningKey } from './forge.ts'
import { type Claims, type LeakedKey, signerOf } from './leaked-key.ts'
import { ISSUER, type Service } from './service.ts'

export interface Party {
  readonly privateJwk: Claims
  readonly publicJwk: Claims
  /** Thumbprint of the key. */
  readonly jkt: string
  readonly sign: LeakedKey['sign']
  /** A DPoP proof as it should be, but for the changes; `undefined` takes a member away. */
  proof(service: Service, about: ProofAbout, claims?: Claims, header?: Claims): Promise<string>
  /** The fields by which a client shows an assertion as it should be, but for the changes. */
  assertion(service: Service, clientId: string, claims?: Claims, header?: Claims): Promise<Assertion>
}

export interface Assertion {
  readonly client_assertion_type: string
  readonly client_assertion: string
}

export interface ProofAbout {
  /** `POST /oauth2/token` */
  readonly request: string
  /** The token that is presented with it. */
  readonly accessToken?: string
}

export const AT_TOKEN_ENDPOINT: ProofAbout = { request: 'POST /oauth2/token' }

/** @param kid of its key, where it has a name */
export async function createParty(kid?: string): Promise<Party> {
  const pair = await newSigningKey()
  const exported = async (key: CryptoKey): Promise<Claims> => {
    const { kty, crv, x, y, d } = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey
    return { kty, crv, x, y, ...(d === undefined ? {} : { d }), ...(kid === undefined ? {} : { kid }) }
  }
  const privateJwk = await exported(pair.privateKey)
  const publicJwk = await exported(pair.publicKey)
  const { sign } = await signerOf('unnamed', privateJwk as unknown as JsonWebKey)
  return {
    privateJwk,
    publicJwk,
    jkt: await calculateJwkThumbprint(publicJwk, 'sha256'),
    sign,
    async proof(service, { request, accessToken }, claims = {}, header = {}) {
      const [htm, path] = request.split(' ')
      const whole = {
        jti: crypto.randomUUID(),
        htm,
        htu: `${ISSUER}${path}`,
        iat: service.now,
        ...(accessToken === undefined ? {} : { ath: await sha256(accessToken) }),
        ...claims,
      }
      return sign(whole, { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk, ...header })
    },
    async assertion(service, clientId, claims = {}, header = {}) {
      const times = { iat: service.now, exp: service.now + 60 }
      const whole = {
        iss: clientId,
        sub: clientId,
        aud: ISSUER,
        jti: crypto.randomUUID(),
        ...times,
        ...claims,
      }
      return {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await sign(whole, { alg: 'ES256', kid: publicJwk.kid, ...header }),
      }
    },
  }
}

/** The request, with this proof. */
export function proven(init: RequestInit, proof: string): RequestInit {
  const headers = new Headers(init.headers)
  headers.set('DPoP', proof)
  return { ...init, headers }
}

export const dpop = (token: string, proof: string, init: RequestInit = {}): RequestInit => {
  const headers = new Headers(init.headers)
  headers.set('Authorization', `DPoP ${token}`)
  return proven({ ...init, headers }, proof)
}
