// Tokens that the leaked key signs and that authorise nothing, tried as if they did.
import type { Attempt } from '../attempt.ts'
import type { Scene } from '../scene.ts'
import { claimsOf, randomSecret } from '../thief.ts'
import { bearer } from './authorization.ts'

const toAuthorize = (parameters: Readonly<Record<string, string>>): string =>
  `/oauth2/authorize?${new URLSearchParams({
    ...{ response_type: 'code', client_id: 'demo', redirect_uri: 'http://127.0.0.1/callback' },
    ...{ code_challenge: randomSecret(), code_challenge_method: 'S256', ...parameters },
  })}`

/** They authorise nothing anywhere: as a hint they come without the browser session, as anything else not at all. */
export function idTokens({ thief, ownToken, victimId }: Scene): Attempt[] {
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
    const authorization = toAuthorize({ prompt: 'none', id_token_hint: token })
    return [
      { kind, what: 'as a bearer token', method: 'GET', path: '/ping/whoami', headers: bearer(token) },
      {
        ...{ kind, what: 'to be signed in by', method: 'GET', path: authorization },
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

export function logoutTokens({ thief, ownToken, victimId }: Scene): Attempt[] {
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

/** A request by value or by reference (RFC 9101), signed by the server that is asked. */
export function requestObjects({ thief, ownToken, victimId, ownBrowser }: Scene): Attempt[] {
  const { iss, iat, exp } = claimsOf(ownToken)
  const claims = { iss: 'demo-app', aud: iss, client_id: 'demo-app', sub: victimId, iat, exp }
  const request = thief.forge('oauth-authz-req+jwt', { ...claims, redirect_uri: 'https://thief.example/' })
  const pushed = `urn:ietf:params:oauth:request_uri:p_aa${'A'.repeat(22)}`
  return [
    { what: 'by value', parameters: { request } },
    { what: 'by reference', parameters: { request_uri: `https://thief.example/${request}` } },
    { what: 'as if it had been pushed', parameters: { request_uri: pushed } },
  ].map(({ what, parameters }) => ({
    ...{ kind: 'signed requests', what, method: 'GET', path: toAuthorize(parameters) },
    headers: { cookie: ownBrowser.cookieHeader() },
    isRefused: ({ status, location }) =>
      (status >= 400 && status < 500) ||
      (location.startsWith('http://127.0.0.1/') && /[?&]error=request_/.test(location)),
  }))
}
