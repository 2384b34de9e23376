// What a resource server does with jose alone: the key set is fetched once, and the signature, expiry and audience checked.
import type { Context } from 'hono'
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'

export const AUDIENCE = 'https://notes.bench'

export const bearerOf = (c: Context): string => c.req.header('Authorization')?.slice('Bearer '.length) ?? ''

export function createJwtCheck() {
  let keys: ReturnType<typeof createLocalJWKSet> | null = null
  /** Throws for a bad token. */
  return async (token: string, service: Fetcher): Promise<JWTPayload> => {
    if (keys === null) {
      const response = await service.fetch('http://service/.well-known/jwks.json')
      keys = createLocalJWKSet(await response.json<JSONWebKeySet>())
    }
    return (await jwtVerify(token, keys, { algorithms: ['ES256'] })).payload
  }
}
