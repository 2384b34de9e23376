// What is exchanged for tokens: a digest stands where the secret should, or a signature where none counts.
import { MAGIC_LINK_GRANT } from '../../../domain/client.ts'
import type { Attempt } from '../attempt.ts'
import type { Scene } from '../scene.ts'
import { claimsOf, randomSecret } from '../thief.ts'
import { basic } from './authorization.ts'

const JWT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A digest stands where the secret should; what is sealed is taken from wherever something sealed stands. */
export function refreshTokens({ thief, ownToken, victimId }: Scene): Attempt[] {
  const kind = 'refresh tokens from digests'
  const { iss, exp } = claimsOf(ownToken)
  const exchange = (what: string, token: string, clientId: unknown): Attempt => ({
    ...{ kind, what, method: 'POST', path: '/oauth2/token' },
    body: new URLSearchParams({
      ...{ grant_type: 'refresh_token', client_id: String(clientId), refresh_token: token },
    }),
  })
  const sealed = thief.rows('signing_keys')[0]?.sealed_private_jwk ?? randomSecret()
  return thief.rows('sessions', { user_id: victimId }).flatMap(row => {
    const head = `r_${row.id}.${row.generation}.`
    return [
      exchange('the stored digest', `${head}${row.secret_digest}${sealed}`, row.client_id),
      exchange('a secret of their own', `${head}${randomSecret()}${randomSecret()}`, row.client_id),
      exchange(
        'a signed one',
        thief.forge('rt+jwt', { iss, exp, sub: victimId, sid: row.id }),
        row.client_id,
      ),
    ]
  })
}

export function codes({ thief, appSignIn }: Scene): Attempt[] {
  const exchange = (kind: string, what: string, parameters: Readonly<Record<string, string>>): Attempt => ({
    ...{ kind, what, method: 'POST', path: '/oauth2/token', body: new URLSearchParams(parameters) },
  })
  return [
    ...thief
      .rows('authorization_codes')
      .slice(-5)
      .flatMap(row =>
        [
          row.code_digest,
          `a_${String(row.user_id).slice(2, 4)}${row.code_digest}`,
          thief.forge('code+jwt', { code: row.code_digest }),
        ].map(code =>
          exchange('authorization codes from digests', 'of one that waits or was used', {
            grant_type: 'authorization_code',
            client_id: String(row.client_id),
            redirect_uri: String(row.redirect_uri),
            code: String(code),
            code_verifier: String(row.code_challenge),
          }),
        ),
      ),
    ...thief.rows('sign_ins', { id: appSignIn.id }).map(row =>
      exchange('typed codes from digests', 'of their own sign-in to another’s account', {
        grant_type: MAGIC_LINK_GRANT,
        client_id: 'demo',
        code_verifier: appSignIn.verifier,
        sign_in_id: appSignIn.id,
        code: String(row.code_digest),
      }),
    ),
  ]
}

export function clientCredentials({ thief, ownToken, introspecting, keyed }: Scene): Attempt[] {
  const { iss, iat } = claimsOf(ownToken)
  const claims = { iss: keyed.id, sub: keyed.id, aud: iss, jti: randomSecret(), iat, exp: Number(iat) + 120 }
  const assertions = [
    ['with the leaked key', thief.forge('JWT', claims)],
    ['with the leaked key as if it were the client’s', thief.forge('JWT', claims, { kid: keyed.kid })],
    ['as client-authentication+jwt', thief.forge('client-authentication+jwt', claims, { kid: keyed.kid })],
  ] as const
  const grant = { grant_type: 'client_credentials' }
  const digest = String(thief.rows('clients', { id: introspecting.id })[0]?.secret_digest)
  return [
    ...assertions.map(([what, assertion]) => ({
      ...{ kind: 'client assertions', what, method: 'POST', path: '/oauth2/token' },
      body: new URLSearchParams({
        ...{ ...grant, client_id: keyed.id },
        ...{ client_assertion_type: JWT_ASSERTION, client_assertion: assertion },
      }),
    })),
    {
      ...{
        kind: 'client secrets from digests',
        what: 'the stored digest',
        method: 'POST',
        path: '/oauth2/token',
      },
      headers: basic(introspecting.id, digest),
      body: new URLSearchParams(grant),
    },
  ]
}
