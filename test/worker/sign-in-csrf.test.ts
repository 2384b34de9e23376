import { beforeAll, describe, expect, it } from 'vitest'
import { isPagePath } from '../../src/http/negotiate.ts'
import {
  ACCEPT_JSON,
  askForMail,
  type Browser,
  browser,
  SAME_ORIGIN,
  signInBrowser,
} from './support/browser.ts'
import { dump } from './support/dump.ts'
import { WRITES } from './support/routes.ts'
import { createService, form, freshAddress, ISSUER } from './support/service.ts'

const service = createService()
const SIGN_IN_FORM = 'application/x-www-form-urlencoded'

/** Where a request says it comes from, and whether one with a good token passes. */
const ORIGINS: readonly (readonly [string, Record<string, string>, boolean])[] = [
  ['this page', SAME_ORIGIN, true],
  ['this page, without Fetch Metadata', { Origin: ISSUER }, true],
  ['this page, Fetch Metadata only', { 'Sec-Fetch-Site': 'same-origin' }, true],
  ['no page at all (typed address)', { 'Sec-Fetch-Site': 'none' }, true],
  ['nowhere: both headers absent', {}, true],
  ['an opaque origin of this site', { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }, true],
  ['an opaque origin', { Origin: 'null' }, false],
  ['an opaque origin of another site', { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' }, false],
  ['an opaque origin, typed', { Origin: 'null', 'Sec-Fetch-Site': 'none' }, false],
  ['another site', { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' }, false],
  ['another site, Origin only', { Origin: 'https://evil.test' }, false],
  ['another site, Fetch Metadata only', { 'Sec-Fetch-Site': 'cross-site' }, false],
  ['another site that claims ours', { Origin: ISSUER, 'Sec-Fetch-Site': 'cross-site' }, false],
  ['a sub-domain', { Origin: 'https://app.auth.test', 'Sec-Fetch-Site': 'same-site' }, false],
  ['a sub-domain, Fetch Metadata only', { 'Sec-Fetch-Site': 'same-site' }, false],
  ['the parent domain', { Origin: 'https://test' }, false],
  ['our host over http', { Origin: 'http://auth.test' }, false],
  ['our host on another port', { Origin: 'https://auth.test:8443' }, false],
  ['a look-alike suffix', { Origin: 'https://auth.test.evil.test' }, false],
  ['a look-alike prefix', { Origin: 'https://evilauth.test' }, false],
  ['a look-alike with user info', { Origin: 'https://auth.test@evil.test' }, false],
  ['ours with a slash', { Origin: `${ISSUER}/` }, false],
  ['ours in capitals', { Origin: 'https://AUTH.test' }, false],
  ['an unknown value of Fetch Metadata', { 'Sec-Fetch-Site': 'same-origin, cross-site' }, false],
]

/** Sends a form with this browser's token and no other header than these. */
const postFrom = (
  who: Browser,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string>,
) =>
  who.send(path, {
    method: 'POST',
    headers: { 'Content-Type': SIGN_IN_FORM, ...ACCEPT_JSON, ...headers },
    body: new URLSearchParams({ csrf_token: who.csrfToken ?? '', ...fields }).toString(),
  })

async function expectRefused(response: Response): Promise<void> {
  expect(response.status).toBe(403)
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ code: 'csrf_failed' })
}

describe('a form from elsewhere', () => {
  it.each(ORIGINS)('WB-04: the sign-in form sent from %s', async (_where, headers, passes) => {
    const who = browser(service)
    await who.get('/sign-in')
    const email = freshAddress()
    const response = await postFrom(who, '/sign-in', { email }, headers)
    if (passes) expect(response.status).toBe(303)
    else await expectRefused(response)
    expect(service.mails.filter(mail => mail.to === email)).toHaveLength(passes ? 1 : 0)
    expect(who.cookie('__Host-sign-in') !== undefined).toBe(passes)
  })

  it.each(ORIGINS.filter(([, , passes]) => !passes))(
    'WB-02: no change is made for %s, though the token is right',
    async (_where, headers) => {
      const { signedIn, asking, token, code } = await people
      const before = await dump(service)
      await signedIn.get('/account')
      await asking.get('/sign-in/check')
      await expectRefused(await postFrom(asking, '/sign-in/link', { token }, headers))
      await expectRefused(await postFrom(asking, '/sign-in/code', { code }, headers))
      for (const path of ['/sign-out', '/account/sessions/end-all', '/account/sessions/end-others']) {
        await expectRefused(await postFrom(signedIn, path, { client_id: 'account' }, headers))
      }
      const token_ = { 'X-CSRF-Token': signedIn.csrfToken ?? '' }
      const all = { method: 'POST', headers: { ...headers, ...token_ } }
      await expectRefused(await signedIn.send('/v1/sessions/revoke-all', all))
      expect(await dump(service)).toBe(before)
    },
  )
})

let people: Promise<{ signedIn: Browser; asking: Browser; token: string; code: string }>
beforeAll(() => {
  people = (async () => {
    const asking = browser(service)
    const mail = await askForMail(service, asking, freshAddress())
    return { signedIn: await signInBrowser(service, freshAddress()), asking, ...mail }
  })()
})

describe('a form without its token', () => {
  // From the router, so that none is forgotten. Beside it: what an app may send (it changes nothing unasked), and the
  // deletion, which says more to a browser that is not signed in (account-deletion.alone.test.ts).
  const OTHERS = ['/oauth2/authorize', '/oauth2/end-session', '/account/delete']
  const FORMS = WRITES.map(({ path }) => path).filter(path => isPagePath(path) && !OTHERS.includes(path))

  it('WB-02: are found', () => {
    expect(FORMS).toEqual(expect.arrayContaining(['/sign-in', '/account/preferences', '/device']))
  })

  it.each(FORMS)('WB-02: %s needs the token of this browser', async path => {
    const { signedIn, asking, token, code } = await people
    const who = path.startsWith('/sign-in') ? asking : signedIn
    const stranger = browser(service)
    await stranger.get('/sign-in')
    await who.get(path.startsWith('/sign-in') ? '/sign-in/check' : '/account')
    const fields = { email: freshAddress(), token, code, client_id: 'account' }
    const before = await dump(service)
    const init = (csrf: Record<string, string>) => form({ ...fields, ...csrf })
    const headers = { 'Content-Type': SIGN_IN_FORM, ...ACCEPT_JSON, ...SAME_ORIGIN }
    const right = who.csrfToken ?? ''
    for (const csrf of [
      {},
      { csrf_token: '' },
      { csrf_token: 'x' },
      { csrf_token: stranger.csrfToken ?? '' },
      { csrf_token: who.cookie('__Host-csrf') ?? '' },
      { csrf_token: `${right}A` },
      { csrf_token: right.slice(0, -1) },
      { CSRF_TOKEN: right },
    ]) {
      await expectRefused(await who.send(path, { ...init(csrf), headers }))
    }
    // Neither from the query nor, without its cookie, from the form.
    await expectRefused(await who.send(`${path}?csrf_token=${right}`, { ...init({}), headers }))
    const held = path.startsWith('/sign-in') ? '__Host-sign-in' : '__Host-session'
    const own = `${held}=${who.cookie(held)}`
    const sendWith = (Cookie: string, more: Record<string, string> = {}) =>
      browser(service).send(path, {
        ...init({ csrf_token: right }),
        headers: { ...headers, ...more, Cookie },
      })
    for (const Cookie of [own, `${own}; __Host-csrf=x`]) await expectRefused(await sendWith(Cookie))
    await expectRefused(await sendWith('', { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' }))
    // A browser that asked for no sign-in can finish none: it hears of that, with no token to need.
    const why = ['/sign-in/link', '/sign-in/code'].includes(path) ? 'wrong_browser' : 'csrf_failed'
    for (const Cookie of ['', '__Host-csrf=x']) {
      const answer = await sendWith(Cookie)
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: why }])
    }
    expect(await dump(service)).toBe(before)
  })

  it('WB-02: a script may send a form’s token as X-CSRF-Token, and no other browser’s', async () => {
    const { signedIn } = await people
    await signedIn.get('/account')
    const stranger = browser(service)
    await stranger.get('/sign-in')
    const headers = { ...ACCEPT_JSON, ...SAME_ORIGIN, 'Content-Type': SIGN_IN_FORM }
    const post = (token: string | null) =>
      signedIn.send('/account/sessions/end-others', {
        ...form({ client_id: 'account' }),
        headers: { ...headers, 'X-CSRF-Token': token ?? '' },
      })
    await expectRefused(await post(stranger.csrfToken))
    expect((await post(signedIn.csrfToken)).status).toBe(303)
  })

  it('WB-02: a cookie-authenticated call of the API needs X-CSRF-Token to change anything, never to read', async () => {
    const { signedIn } = await people
    expect((await signedIn.get('/v1/sessions')).status).toBe(200)
    await signedIn.get('/account')
    const current = '/v1/sessions/current'
    for (const headers of [{}, { 'X-CSRF-Token': 'x' }, SAME_ORIGIN]) {
      await expectRefused(await signedIn.send(current, { method: 'DELETE', headers }))
      await expectRefused(await signedIn.send('/v1/sessions/revoke-others', { method: 'POST', headers }))
      const put = { method: 'PUT', headers: { ...headers, 'Content-Type': 'application/json' }, body: '{}' }
      await expectRefused(await signedIn.send('/v1/preferences', put))
    }
    const page = await (await signedIn.get('/account')).text()
    const token = /<meta name="csrf-token" content="([^"]+)"/.exec(page)?.[1] ?? ''
    const headers = { 'X-CSRF-Token': token, ...SAME_ORIGIN }
    const answer = await signedIn.send('/v1/sessions/revoke-others', { method: 'POST', headers })
    expect(answer.status).toBe(200)
  })

  it.each(['text/plain', SIGN_IN_FORM, 'multipart/form-data; boundary=x', 'application/jsonp', ''])(
    'WB-03: a JSON route refuses the content type %j, whatever its token',
    async type => {
      const { signedIn } = await people
      await signedIn.get('/account')
      const headers: Record<string, string> = { 'X-CSRF-Token': signedIn.csrfToken ?? '', ...SAME_ORIGIN }
      if (type !== '') headers['Content-Type'] = type
      const body = new TextEncoder().encode('{"client_id":"*"}')
      for (const [method, path] of [
        ['POST', '/v1/sessions/revoke-others'],
        ['POST', '/v1/sessions/revoke-all'],
        ['PUT', '/v1/preferences'],
      ] as const) {
        expect((await signedIn.send(path, { method, headers, body })).status).toBe(415)
      }
      expect((await signedIn.get('/account')).status).toBe(200)
    },
  )
})

describe('signing out', () => {
  it('SE-17: ends the session, clears its cookies and what the browser kept', async () => {
    const who = await signInBrowser(service, freshAddress())
    const cookie = `__Host-session=${who.cookie('__Host-session')}`
    await who.get('/account')
    const response = await who.post('/sign-out')
    expect(response.status).toBe(303)
    expect(response.headers.get('Location')).toBe('/signed-out')
    expect(response.headers.get('Clear-Site-Data')).toBe('"cache", "storage"')
    expect(who.cookie('__Host-session')).toBeUndefined()
    expect(await (await who.get('/signed-out')).text()).not.toContain('<form')
    expect((await who.get('/account')).headers.get('Location')).toBe('/sign-in')
    const replayed = await service.request('/v1/sessions', { headers: { Cookie: cookie } })
    expect(replayed.status).toBe(401)
  })

  it('SE-17: with nobody signed in is answered alike', async () => {
    const who = browser(service)
    expect((await who.post('/sign-out')).headers.get('Location')).toBe('/signed-out')
  })

  it('WB-01: every cookie of a whole journey is __Host-, Secure, HttpOnly, Path=/, SameSite and small', async () => {
    const who = await signInBrowser(service, freshAddress())
    await who.get('/account')
    await who.post('/sign-out')
    const names = new Set(who.setCookies.map(line => line.split('=')[0]))
    expect(names).toEqual(new Set(['__Host-csrf', '__Host-sign-in', '__Host-session', '__Host-browser']))
    for (const line of who.setCookies) {
      expect(line).toMatch(
        /^__Host-[a-z-]+=[^;]*; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=(Lax|Strict)$/,
      )
      expect(line.length).toBeLessThan(4_096)
    }
  })
})
