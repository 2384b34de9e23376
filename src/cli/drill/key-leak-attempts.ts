// Everything that the thief of key and database tries, each at the endpoints that would take it.
import { MAGIC_LINK_GRANT } from '../../domain/client.ts'
import type { Browser } from '../browser.ts'
import { type Answered, type Attempt, isSentToSignIn } from './attempt.ts'
import { forgeAccessTokens } from './forged-access-tokens.ts'
import { type Claims, claimsOf, randomSecret, type Thief } from './thief.ts'

export interface Scene {
  readonly thief: Thief
  /** A live access token of the thief's own account. */
  readonly ownToken: string
  readonly victimId: string
  /** A sign-in to the victim's account that the thief has begun as an app, with its verifier, and one in a browser. */
  readonly appSignIn: { readonly id: string; readonly verifier: string }
  readonly thiefsBrowser: Browser
  /** Confidential clients of the instance: one with a secret, which may introspect, one with a key. */
  readonly introspecting: { readonly id: string; readonly secret: string }
  readonly keyed: { readonly id: string; readonly kid: string }
}

const JWT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Anything else would mean that the token was taken, if not for this. */
const isUnknown = ({ status }: Answered): boolean => status === 401
const JSON_TYPE = { 'content-type': 'application/json' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

export const attemptsOf = (scene: Scene): readonly Attempt[] => [
  ...accessTokens(scene),
  ...links(scene),
  ...idTokens(scene),
  ...refreshTokens(scene),
  ...cookies(scene),
  ...codes(scene),
  ...clientCredentials(scene),
  ...logoutTokens(scene),
]

function accessTokens({ thief, ownToken, victimId, introspecting }: Scene): Attempt[] {
  const victimsSession = thief.rows('sessions', { user_id: victimId })[0]?.id
  const kind = 'access tokens'
  const places = [
    ['GET', '/ping/whoami'],
    ['GET', '/oauth2/userinfo'],
    ['GET', '/v1/sessions'],
    ['GET', '/v1/sessions/current'],
    ['GET', '/v1/events'],
    ['GET', '/v1/preferences'],
    ['PUT', '/v1/preferences', '{"one_device":true}'],
    ['POST', '/v1/sessions/revoke-others', '{"client_id":"*"}'],
    ['POST', '/v1/sessions/revoke-all', '{"include_apps":true}'],
    ['DELETE', `/v1/sessions/${victimsSession}`],
    ['POST', '/oauth2/logout'],
  ] as const
  return forgeAccessTokens(thief, ownToken, victimId).flatMap(({ what, token, raisesAlarm }) => [
    ...places.map(([method, path, body]) => ({
      ...{ kind, what, method, path, raisesAlarm, isRefused: isUnknown },
      headers: { ...bearer(token), ...(body === undefined ? {} : JSON_TYPE) },
      ...(body === undefined ? {} : { body }),
    })),
    {
      ...{ kind, what, method: 'GET', path: '/v1/sessions/live', raisesAlarm, isRefused: isUnknown },
      headers: { ...bearer(token), accept: 'text/event-stream' },
    },
    {
      ...{ kind, what, method: 'POST', path: '/oauth2/introspect', raisesAlarm },
      headers: basic(introspecting.id, introspecting.secret),
      body: new URLSearchParams({ token }),
      isRefused: ({ text }) => text === '{"active":false}',
    },
    {
      // Its answer is the same for everything (RFC 7009 §2.2); that it ended nothing is seen afterwards.
      ...{ kind, what, method: 'POST', path: '/oauth2/revoke', raisesAlarm },
      body: new URLSearchParams({ token, client_id: 'demo' }),
      isRefused: ({ status }) => status < 500,
    },
    {
      kind: 'access tokens as the operator’s',
      what,
      method: 'GET',
      path: '/admin/v1/clients',
      headers: bearer(token),
    },
  ])
}

/** The thief has asked for mails to the victim, and has all but what was in them. */
function links({ thief, ownToken, appSignIn, thiefsBrowser }: Scene): Attempt[] {
  const { iss } = claimsOf(ownToken)
  const kind = 'magic links'
  const [browserSignIn = ''] = thiefsBrowser.cookie('__Host-sign-in').split('.')
  const link = (id: string, changes: Claims = {}) => {
    const row = thief.rows('sign_ins', { id })[0]
    const claims = { iss, aud: iss, jti: id, iat: row?.created_at, exp: row?.expires_at, eb: randomSecret() }
    return thief.forge('magic-link+jwt', { ...claims, ...changes })
  }
  const variants = (id: string): [what: string, token: string][] => [
    ['of their own sign-in to another’s account', link(id)],
    [
      'the same with the stored commitment',
      link(id, { eb: thief.rows('sign_ins', { id })[0]?.link_commitment }),
    ],
    ['the same without a bucket', link(id, { eb: undefined })],
    ['of another’s sign-in', link(String(thief.rows('sign_ins').find(row => row.id !== id)?.id))],
  ]
  const cookie = thiefsBrowser.cookieHeader()
  const csrf = thiefsBrowser.csrfToken()
  return [
    ...variants(appSignIn.id).map(([what, token]) => ({
      ...{ kind, what, method: 'POST', path: '/oauth2/token', raisesAlarm: true },
      body: new URLSearchParams({
        grant_type: MAGIC_LINK_GRANT,
        client_id: 'demo',
        code_verifier: appSignIn.verifier,
        token,
      }),
    })),
    ...variants(browserSignIn).flatMap(([what, token]) => [
      {
        ...{ kind, what, method: 'POST', path: '/sign-in/link', raisesAlarm: true },
        headers: { cookie, accept: 'application/json' },
        body: new URLSearchParams({ csrf_token: csrf, token }),
      },
      {
        ...{ kind, what, method: 'GET', path: `/sign-in/link?token=${token}`, raisesAlarm: true },
        headers: { cookie },
      },
    ]),
  ]
}

/** They authorise nothing anywhere: as a hint they come without the browser session, as anything else not at all. */
function idTokens({ thief, ownToken, victimId }: Scene): Attempt[] {
  const { iss, iat, exp } = claimsOf(ownToken)
  const kind = 'ID tokens'
  return thief.rows('sessions', { user_id: victimId }).flatMap(({ id: sid, client_id: aud }) => {
    const token = thief.forge('JWT', {
      iss,
      sub: victimId,
      aud,
      iat,
      exp,
      auth_time: iat,
      amr: ['email_code'],
      sid,
    })
    const authorization = new URLSearchParams({
      ...{
        response_type: 'code',
        client_id: 'demo',
        redirect_uri: 'http://127.0.0.1/callback',
        prompt: 'none',
      },
      ...{ code_challenge: randomSecret(), code_challenge_method: 'S256', id_token_hint: token },
    })
    return [
      { kind, what: 'as a bearer token', method: 'GET', path: '/ping/whoami', headers: bearer(token) },
      {
        ...{ kind, what: 'to be signed in by', method: 'GET', path: `/oauth2/authorize?${authorization}` },
        isRefused: ({ location }) => /[?&]error=login_required\b/.test(location),
      },
      {
        // Whatever it answers, that nobody was signed out is seen afterwards.
        ...{
          kind,
          what: 'to sign out by',
          method: 'GET',
          path: `/oauth2/end-session?id_token_hint=${token}`,
        },
        isRefused: ({ status }) => status < 500,
      },
    ] satisfies Attempt[]
  })
}

/** A digest stands where the secret should; what is sealed is taken from wherever something sealed stands. */
function refreshTokens({ thief, ownToken, victimId }: Scene): Attempt[] {
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

function cookies({ thief, victimId, thiefsBrowser }: Scene): Attempt[] {
  const kind = 'cookies from digests'
  const sessions = thief.rows('sessions', { user_id: victimId }).flatMap(({ id, secret_digest: digest }) => {
    const cookie = `__Host-session=${victimId}.${id}.${digest}.${randomSecret()}`
    return ['/account', '/account/data.json', '/v1/sessions', '/v1/events'].map(path => ({
      ...{ kind, what: 'of a session', method: 'GET', path, headers: { cookie }, isRefused: isSentToSignIn },
    }))
  })
  const csrf = thiefsBrowser.cookie('__Host-csrf')
  const bindings = thief.rows('sign_ins').map(({ id, binding_digest: digest }) => ({
    ...{ kind, what: 'of a sign-in in progress', method: 'POST', path: '/sign-in/code' },
    headers: { cookie: `__Host-sign-in=${id}.${digest}; __Host-csrf=${csrf}`, accept: 'application/json' },
    body: new URLSearchParams({ csrf_token: thiefsBrowser.csrfToken(), code: 'BCDF-GHJK' }),
  }))
  return [...sessions, ...bindings.slice(-5)]
}

function codes({ thief, appSignIn }: Scene): Attempt[] {
  const exchange = (kind: string, what: string, parameters: Readonly<Record<string, string>>): Attempt => ({
    ...{ kind, what, method: 'POST', path: '/oauth2/token', body: new URLSearchParams(parameters) },
  })
  return [
    ...thief
      .rows('authorization_codes')
      .slice(-5)
      .flatMap(row =>
        [row.code_digest, thief.forge('code+jwt', { code: row.code_digest })].map(code =>
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

function clientCredentials({ thief, ownToken, introspecting, keyed }: Scene): Attempt[] {
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

function logoutTokens({ thief, ownToken, victimId }: Scene): Attempt[] {
  const { iss, iat, exp } = claimsOf(ownToken)
  return thief.rows('sessions', { user_id: victimId }).flatMap(({ id: sid, client_id: aud }) => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    const token = thief.forge('logout+jwt', {
      iss,
      aud,
      sub: victimId,
      sid,
      jti: randomSecret(),
      iat,
      exp,
      events,
    })
    const place = { kind: 'logout tokens', what: 'of a live session', method: 'POST', path: '/oauth2/logout' }
    return [
      { ...place, headers: bearer(token) },
      { ...place, body: new URLSearchParams({ logout_token: token }) },
    ]
  })
}
