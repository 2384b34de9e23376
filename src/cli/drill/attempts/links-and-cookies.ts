// What a browser has that is signed in, or about to be.
import { MAGIC_LINK_GRANT } from '../../../domain/client.ts'
import { type Attempt, isSentToSignIn } from '../attempt.ts'
import type { Scene } from '../scene.ts'
import { type Claims, claimsOf, randomSecret } from '../thief.ts'

/** The thief has asked for mails to the victim, and has all but what was in them. */
export function links({ thief, ownToken, appSignIn, thiefsBrowser }: Scene): Attempt[] {
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

export function cookies({ thief, victimId, thiefsBrowser }: Scene): Attempt[] {
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

/** The token of a form is a MAC of a cookie that a browser chooses for itself. */
export function formTokens({ thief, ownToken, ownBrowser }: Scene): Attempt[] {
  const nonce = ownBrowser.cookie('__Host-csrf')
  const tokens = [nonce, thief.forge('JWT', { ...claimsOf(ownToken), nonce }), randomSecret()]
  return tokens.flatMap(token =>
    ['/sign-out', '/account/delete', '/account/sessions/end'].map(path => ({
      ...{ kind: 'tokens of forms', what: 'for a cookie that is known', method: 'POST', path },
      headers: { cookie: ownBrowser.cookieHeader(), accept: 'application/json' },
      body: new URLSearchParams({ csrf_token: token }),
    })),
  )
}
