// What this instance has sealed, each tried as everything that it was not sealed for: links in notices, requests that
// wait for their user, questions about a device. And the same made up by the thief.
import type { Attempt } from '../attempt.ts'
import type { Scene } from '../scene.ts'
import { claimsOf, randomSecret } from '../thief.ts'

type Use = 'notice' | 'request' | 'question'

interface Text {
  readonly what: string
  readonly text: string
  /** Where it is at home, and would rightly be taken. */
  readonly isFor?: Use
}

export function sealedTexts(scene: Scene): Attempt[] {
  return textsOf(scene).flatMap(({ what, text, isFor }) =>
    placesOf(scene, text)
      .filter(({ use }) => use !== isFor)
      .map(({ attempt }) => ({ ...attempt, what })),
  )
}

function textsOf(scene: Scene): Text[] {
  const { thief, ownToken, ownRefreshToken, ownDeviceCode, ownRequest, victimId } = scene
  const stored = [
    ...thief.rows('signing_keys').map(row => row.sealed_private_jwk),
    ...thief.rows('outbox').map(row => row.sealed),
    ...thief.rows('webhooks').map(row => row.sealed_secret),
    ...thief.rows('entropy_buckets', { user_id: victimId }).map(row => row.sealed_successor),
  ].filter(text => typeof text === 'string')
  const { exp } = claimsOf(ownToken)
  return [
    ...stored.slice(0, 6).map(text => ({ what: 'sealed text of the database', text })),
    {
      what: 'what is sealed into their own refresh token',
      text: ownRefreshToken.split('.')[2]?.slice(43) ?? '',
    },
    { what: 'their own device code', text: ownDeviceCode.slice('d_'.length) },
    { what: 'their own request that waits', text: ownRequest, isFor: 'request' },
    ...thief.rows('sessions', { user_id: victimId }).flatMap(({ id }) => {
      const clear = `${victimId}.${id}.${exp}`
      return [
        { what: 'in the clear', text: Buffer.from(clear).toString('base64url') },
        { what: 'signed', text: thief.forge('not-me+jwt', { sub: victimId, sid: id, exp }) },
      ]
    }),
    { what: 'of chance', text: randomSecret() + randomSecret() },
  ]
}

/** Each in the thief's own browser, which is signed in: none of these needs more than the text. */
function placesOf({ ownBrowser }: Scene, text: string): { use: Use; attempt: Omit<Attempt, 'what'> }[] {
  const cookie = ownBrowser.cookieHeader()
  const headers = { cookie, accept: 'application/json' }
  const csrf = { csrf_token: ownBrowser.csrfToken() }
  const decision = new URLSearchParams({ ...csrf, request: text, decision: 'allow' })
  const notice = new URLSearchParams({ ...csrf, token: text })
  const post = { method: 'POST', headers }
  const get = { method: 'GET', headers }
  const inNotices = { kind: 'links in notices' }
  const inRequests = { kind: 'requests that wait for their user' }
  return [
    { use: 'notice', attempt: { ...inNotices, ...get, path: `/account/not-me?token=${text}` } },
    { use: 'notice', attempt: { ...inNotices, ...post, path: '/account/not-me', body: notice } },
    { use: 'notice', attempt: { ...inNotices, ...post, path: '/account/not-me/rest', body: notice } },
    {
      use: 'request',
      attempt: { ...inRequests, ...get, path: `/oauth2/authorize/continue?request=${text}` },
    },
    {
      use: 'request',
      attempt: { ...inRequests, ...post, path: '/oauth2/authorize/continue', body: decision },
    },
    {
      use: 'question',
      attempt: { kind: 'questions about devices', ...post, path: '/device', body: decision },
    },
  ]
}
