// The tokens by which clients register themselves and manage what they have registered.
import type { Attempt } from '../attempt.ts'
import type { Scene } from '../scene.ts'
import { claimsOf, randomSecret } from '../thief.ts'
import { bearer } from './authorization.ts'

export function registrationTokens({ thief, ownToken, selfRegistered: { id } }: Scene): Attempt[] {
  const kind = 'registration tokens from digests'
  const signed = thief.forge('at+jwt', { ...claimsOf(ownToken), sub: id, client_id: id, scope: 'register' })
  const headers = (token: unknown) => ({ ...bearer(token), 'content-type': 'application/json' })
  const body = JSON.stringify({ client_id: id, redirect_uris: ['https://thief.example/'] })
  const initial = thief
    .rows('registration_tokens')
    .slice(-2)
    .flatMap(row => [`${row.id}.${row.secret_digest}`, `${row.id}.${randomSecret()}`, row.secret_digest])
  const managing = thief
    .rows('self_registered_clients', { client_id: id })
    .flatMap(row => [row.access_token_digest, signed])
  return [
    ...[...initial, signed].map(token => ({
      ...{ kind, what: 'initial', method: 'POST', path: '/oauth2/register', headers: headers(token), body },
    })),
    ...managing.flatMap(token =>
      ['GET', 'PUT', 'DELETE'].map(method => ({
        ...{ kind, what: 'of a client', method, path: `/oauth2/register/${id}`, headers: headers(token) },
        ...(method === 'PUT' ? { body } : {}),
      })),
    ),
  ]
}
