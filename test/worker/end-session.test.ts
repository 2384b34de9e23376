import { SignJWT } from 'jose'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { ACCOUNT_CLIENT } from '../../src/domain/client.ts'
import { DAY_SECONDS } from '../../src/domain/limits.ts'
import { verifyToken } from '../../src/oauth/verify-token.ts'
import { randomSecret } from '../../src/tokens/random.ts'
import { type App, connect, createApp } from './support/authorize.ts'
import { type Browser, browser, signInBrowser } from './support/browser.ts'
import { LOOK_ALIKES, REGISTERED, REGISTERED_LOOPBACK } from './support/look-alikes.ts'
import { admin, createService, form, freshAddress, ISSUER } from './support/service.ts'
import type { Tokens } from './support/sign-in.ts'

const service = createService()
const PATH = '/oauth2/end-session'
const CROSS_SITE = { 'Sec-Fetch-Site': 'cross-site', Referer: 'https://app.test/' } as const
const NAVIGATION = { ...CROSS_SITE, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' } as const

let app: App
beforeAll(async () => {
  vi.spyOn(console, 'info').mockReturnValue()
  app = await createApp(service, {
    name: 'Ledger & Co',
    post_logout_redirect_uris: [REGISTERED, REGISTERED_LOOPBACK],
    session_rule: { limit: null, at_limit: 'replace_oldest' },
  })
})

interface SignedIn {
  readonly at: Browser
  readonly tokens: Tokens
  readonly hint: string
  readonly cookie: string
}

async function signedInToApp(): Promise<SignedIn> {
  const at = await signInBrowser(service, freshAddress())
  const tokens = await connect(app, at, { scope: 'openid' })
  const cookie = `__Host-session=${at.cookie('__Host-session')}`
  return { at, tokens, hint: tokens.id_token ?? '', cookie }
}

const query = (fields: Readonly<Record<string, string>>): string => `${PATH}?${new URLSearchParams(fields)}`
const goOn = { post_logout_redirect_uri: REGISTERED }

/** Whether the browser's session, and the app's, still open what they opened: for resource servers in bounded mode too. */
async function alive({ cookie, tokens }: SignedIn): Promise<{ browser: boolean; app: boolean }> {
  const page = await service.request('/account', { headers: { Cookie: cookie } })
  const headers = { Authorization: `Bearer ${tokens.access_token}` }
  const whoami = await service.request('/ping/whoami', { headers })
  const facts = { now: service.now, nowMs: service.now * 1_000, waitUntil: () => {} }
  const known = await verifyToken(service.parts, ACCOUNT_CLIENT, tokens.access_token, 'bounded', facts)
  expect(known.tag).toBe(whoami.status === 200 ? 'accepted' : 'refused')
  return { browser: page.status === 200, app: whoami.status === 200 }
}

const BOTH = { browser: true, app: true }
const NONE = { browser: false, app: false }

describe('an app that shows an ID token of this very user', () => {
  it('OI-07: ends this browser’s session and its own at once, in one change, and expired is fine', async () => {
    const who = await signedInToApp()
    service.now += DAY_SECONDS
    // Used since: only the ID token is old.
    await who.at.get('/account')
    const state = 'a b+c/=&%20?#é"<'
    const looked = await who.at.send(query({ id_token_hint: who.hint }), { method: 'HEAD' })
    expect([looked.status, await alive(who)]).toEqual([200, { browser: true, app: false }])
    const response = await who.at.get(query({ id_token_hint: who.hint, ...goOn, state }), NAVIGATION)
    expect(response.status).toBe(303)
    expect(response.headers.get('Location')).toBe(`${REGISTERED}&${new URLSearchParams({ state })}`)
    expect(response.headers.get('Clear-Site-Data')).toBe('"cache", "storage"')
    expect(who.at.cookie('__Host-session')).toBeUndefined()
    expect(await alive(who)).toEqual(NONE)
    const log = await service.request(`/admin/v1/users/${who.tokens.user_id}/events`, admin(service))
    const { events } = (await log.json()) as { events: { type: string; reason: string; by: object }[] }
    const ended = events.filter(({ type }) => type === 'session.ended')
    expect(ended.map(({ reason }) => reason)).toEqual(['signed_out', 'signed_out'])
    expect(new Set(ended.map(({ by }) => JSON.stringify(by))).size).toBe(1)
  })

  it('OI-07: leaves every other session of the user alone', async () => {
    const who = await signedInToApp()
    const other = await connect(app, who.at, { scope: 'openid' })
    await who.at.get(query({ id_token_hint: who.hint }))
    expect(await alive({ ...who, tokens: other })).toEqual({ browser: false, app: true })
  })

  it('OI-07: may send it as a form, from its own site or through this one', async () => {
    const [far, near] = [await signedInToApp(), await signedInToApp()]
    // A browser sends no cookie with a form of another site; it does with the navigation that follows.
    const forwarded = await service.request(PATH, form({ id_token_hint: far.hint, ...goOn }))
    expect([forwarded.status, await alive(far)]).toEqual([303, BOTH])
    const after = await far.at.get(forwarded.headers.get('Location') ?? '')
    expect([after.headers.get('Location'), await alive(far)]).toEqual([REGISTERED, NONE])
    const direct = await near.at.send(
      PATH,
      form({ id_token_hint: near.hint, client_id: app.clientId, ...goOn }),
    )
    expect([direct.headers.get('Location'), await alive(near)]).toEqual([REGISTERED, NONE])
  })

  it('OI-07: but no browser session ends nothing: an ID token is no credential', async () => {
    const who = await signedInToApp()
    const elsewhere = await browser(service).get(query({ id_token_hint: who.hint, ...goOn, state: 's' }))
    expect(elsewhere.status).toBe(303)
    expect(elsewhere.headers.get('Location')).toBe(`${REGISTERED}&state=s`)
    expect(await alive(who)).toEqual(BOTH)
    expect((await browser(service).get(PATH)).headers.get('Location')).toBe('/signed-out')
  })
})

describe('everybody else', () => {
  it('OI-07: a cross-site image leaves everything alive, whatever it names', async () => {
    const who = await signedInToApp()
    const image = { ...CROSS_SITE, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }
    for (const fields of [
      {},
      { client_id: app.clientId, ...goOn },
      { logout_hint: 'ann@x.test', ui_locales: 'de' },
    ]) {
      const response = await who.at.get(query(fields), image)
      expect(response.status).toBe(200)
      expect(response.headers.getSetCookie().join()).not.toContain('__Host-session')
      // As a browser sends it: without the cookie.
      expect((await service.request(query(fields), { headers: image })).headers.getSetCookie()).toEqual([])
    }
    expect(await alive(who)).toEqual(BOTH)
  })

  it('OI-07: makes the page ask, and the answer ends this browser’s session only', async () => {
    const who = await signedInToApp()
    const page = await who.at.get(query({ client_id: app.clientId, ...goOn, state: '"<é' }), NAVIGATION)
    const html = await page.text()
    expect(page.status).toBe(200)
    expect(html).toContain('Ledger &amp; Co')
    expect(page.headers.get('Content-Security-Policy')).toContain("form-action 'self' https://app.test;")
    const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1] ?? ''
    const hidden = Object.fromEntries(
      [...html.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
        name ?? '',
        (value ?? '').replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&'),
      ]),
    )
    for (const [fields, headers] of [
      [{ ...hidden, csrf_token: randomSecret() }, {}],
      [hidden, { Origin: 'https://eve.test', 'Sec-Fetch-Site': 'cross-site' }],
    ] as const) {
      expect((await who.at.post(action, fields, headers)).status).toBe(403)
    }
    expect(await alive(who)).toEqual(BOTH)
    const answer = await who.at.post(action, hidden)
    expect(answer.status).toBe(303)
    expect(answer.headers.get('Location')).toBe(`${REGISTERED}&${new URLSearchParams({ state: '"<é' })}`)
    expect(answer.headers.get('Clear-Site-Data')).toBe('"cache", "storage"')
    expect(await alive(who)).toEqual({ browser: false, app: true })
  })

  it('OI-07: a hint that is another user’s, forged, altered or of another kind is asked about, JW-04', async () => {
    const [who, stranger] = [await signedInToApp(), await signedInToApp()]
    const { privateKey } = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])) as CryptoKeyPair
    const claims = {
      iss: ISSUER,
      sub: who.tokens.user_id,
      aud: app.clientId,
      sid: 's_aaAAAAAAAAAAAAAAAAAAAAAA',
    }
    const sign = async (changes: object, typ: 'JWT' | 'at+jwt' = 'JWT') =>
      (await service.parts.keys.sign(typ, { ...claims, ...changes }, service.now)).token
    const kid = JSON.parse(atob(who.hint.split('.')[0] ?? '')).kid as string
    const hints = {
      'another user’s': stranger.hint,
      'an access token': who.tokens.access_token,
      'a refresh token': who.tokens.refresh_token,
      altered: `${who.hint.slice(0, -4)}AAAA`,
      padded: `${who.hint}=`,
      'of another key': await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
        .sign(privateKey),
      'of another typ': await sign({}, 'at+jwt'),
      'of another issuer': await sign({ iss: `${ISSUER}/` }),
      'for two': await sign({ aud: [app.clientId] }),
      'of no session': await sign({ sid: undefined }),
      'of no user': await sign({ sub: 'ann@x.test' }),
      'for nobody': await sign({ aud: 'no-such-client' }),
      'for the built-in client': await sign({ aud: 'account' }),
    }
    for (const [name, id_token_hint] of Object.entries(hints)) {
      const response = await who.at.get(query({ id_token_hint, ...goOn }), NAVIGATION)
      expect([name, response.status]).toEqual([name, 200])
      // What comes from nobody leads nowhere either.
      if (name !== 'another user’s') expect(await response.text()).not.toContain(REGISTERED)
    }
    expect(await alive(who)).toEqual(BOTH)
    // The table is about the claims: with all of them right it ends.
    expect((await who.at.get(query({ id_token_hint: await sign({}) }))).status).toBe(303)
    expect(await alive(who)).toEqual({ browser: false, app: true })
    expect(await alive(stranger)).toEqual(BOTH)
  })

  it('OI-07: a repeated parameter is refused, by GET and by POST, and ends nothing', async () => {
    const who = await signedInToApp()
    for (const name of [
      'id_token_hint',
      'client_id',
      'post_logout_redirect_uri',
      'state',
      'logout_hint',
      'x',
    ]) {
      const twice = `${new URLSearchParams({ id_token_hint: who.hint, ...goOn })}&${name}=1&${name}=2`
      const sent = await who.at.send(PATH, { ...form({}), body: twice })
      for (const response of [await who.at.get(`${PATH}?${twice}`), sent]) {
        expect([name, response.status, response.headers.get('Location')]).toEqual([name, 400, null])
      }
    }
    expect(await alive(who)).toEqual(BOTH)
  })
})

describe('where the browser goes on to', () => {
  const placeAfter = async (fields: Readonly<Record<string, string>>): Promise<string | null> =>
    (await browser(service).get(query(fields))).headers.get('Location')

  it('OI-08: nothing that only looks like the registered URI, AZ-01', async () => {
    const client_id = app.clientId
    for (const uri of LOOK_ALIKES) {
      const place = await placeAfter({ client_id, post_logout_redirect_uri: uri, state: 's' })
      expect([uri, place]).toEqual([uri, '/signed-out'])
    }
    expect(LOOK_ALIKES.length).toBeGreaterThan(30)
    expect(await placeAfter({ client_id, ...goOn })).toBe(REGISTERED)
    for (const uri of [REGISTERED_LOOPBACK, 'http://127.0.0.1:51004/cb']) {
      expect(await placeAfter({ client_id, post_logout_redirect_uri: uri, state: 's' })).toBe(
        `${uri}?state=s`,
      )
    }
  })

  it('OI-08: nothing without the client that registered it', async () => {
    const who = await signedInToApp()
    const other = await createApp(service, { post_logout_redirect_uris: ['https://other.test/bye'] })
    const cases: Record<string, string>[] = [
      {},
      { client_id: other.clientId },
      { client_id: 'no-such-client' },
      { client_id: 'account' },
      { client_id: other.clientId, id_token_hint: who.hint },
      { client_id: app.clientId, id_token_hint: `${who.hint.slice(0, -4)}AAAA` },
      // An authorization redirect URI is no place after a logout.
      { client_id: app.clientId, post_logout_redirect_uri: app.redirectUri },
    ]
    for (const fields of cases)
      expect([fields, await placeAfter({ ...goOn, ...fields })]).toEqual([fields, '/signed-out'])
  })
})
