import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { AUTHORIZATION_CODE_SECONDS } from '../../src/domain/limits.ts'
import {
  type App,
  answerOf,
  askedRequest,
  authorizationRequest,
  connect,
  createApp,
  decide,
  exchange,
  follow,
  getCode,
  REDIRECT_URI,
  signInThere,
} from './support/authorize.ts'
import { type Browser, browser, signInBrowser } from './support/browser.ts'
import { bearer, createService, freshAddress, ISSUER } from './support/service.ts'
import { storedSessions } from './support/stored.ts'

const service = createService()
const THIRD_PARTY = { kind: 'third_party', name: 'Ledger & Co' }

describe('signing in for an app', () => {
  it('AZ-05: goes through the mail and comes back to exactly this request', async () => {
    const app = await createApp(service)
    const state = 'a b+c/=&%20?#é€𝄞"<'
    const { path, codeVerifier } = await authorizationRequest(app, {
      state,
      nonce: 'n-1',
      scope: 'openid read',
    })
    const visitor = browser(service)
    const page = await follow(visitor, await visitor.get(path))
    const email = freshAddress()
    const answer = answerOf(await signInThere(service, visitor, page, email))
    expect(answer).toEqual({ code: expect.stringMatching(/^a_[a-z2-7]{2}[\w-]{43}$/), state, iss: ISSUER })
    const response = await exchange(app, { code: answer.code ?? '', codeVerifier })
    expect(response.status).toBe(200)
    const tokens = (await response.json()) as { access_token: string; id_token: string; scope: string }
    expect(tokens.scope).toBe('openid read')
    expect(decodeJwt(tokens.id_token)).toMatchObject({ iss: ISSUER, aud: app.clientId, nonce: 'n-1' })
    const whoami = await service.request('/ping/whoami', bearer(tokens.access_token))
    expect(await whoami.json()).toMatchObject({ authenticated: true, client_id: app.clientId })
  })

  it('fills in the address of login_hint', async () => {
    const visitor = browser(service)
    const { path } = await authorizationRequest(await createApp(service), { login_hint: 'ann@x.test' })
    const page = await (await follow(visitor, await visitor.get(path))).text()
    expect(page).toContain('value="ann@x.test"')
  })

  it('a request sent by POST goes the same way, and AZ-08: every redirect after a POST is 303', async () => {
    const app = await createApp(service)
    const signedIn = await signInBrowser(service, freshAddress())
    const { path } = await authorizationRequest(app)
    const sent = await service.request('/oauth2/authorize', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://app.test' },
      body: path.slice(path.indexOf('?') + 1),
    })
    expect(sent.status).toBe(303)
    expect(answerOf(await follow(signedIn, sent)).code).toBeDefined()
    const unknown = await signedIn.post('/oauth2/authorize', { client_id: 'unknown' })
    expect(unknown.status).toBe(400)
    expect((await browser(service).post('/oauth2/authorize', { client_id: 'unknown' })).status).toBe(400)
    const fields = Object.fromEntries(new URL(path, ISSUER).searchParams)
    expect(answerOf(await signedIn.post('/oauth2/authorize', fields)).code).toBeDefined()
  })
})

describe('a third-party app', () => {
  let app: App
  let visitor: Browser
  beforeAll(async () => {
    app = await createApp(service, THIRD_PARTY)
    visitor = await signInBrowser(service, freshAddress())
  })

  it('AZ-10: is named with its host, its scopes in words and for how long, before it gets anything', async () => {
    const { path } = await authorizationRequest(app, { scope: 'openid email read' })
    const page = await visitor.get(path)
    expect(page.status).toBe(200)
    const html = await page.text()
    for (const words of [
      'Ledger &amp; Co',
      'app.test',
      'see your email address',
      '<code>read</code>',
      '30 days',
    ]) {
      expect(html).toContain(words)
    }
    expect(page.headers.get('Content-Security-Policy')).toContain("form-action 'self' https://app.test;")
  })

  it('AZ-10, RF-04: that wants its token for the service of others says so, each time', async () => {
    const audience = 'https://api.test/'
    await createApp(service, { type: 'confidential', audience })
    const page = await visitor.get((await authorizationRequest(app, { resource: audience })).path)
    expect(await page.text()).toContain(`<code>${audience}</code>`)
    // One that was allowed stands for no other, nor for itself.
    const other = 'https://other.test/'
    await createApp(service, { type: 'confidential', audience: other })
    const reader = await createApp(service, THIRD_PARTY)
    await connect(reader, visitor, { resource: audience, scope: 'read' })
    for (const resource of [audience, other]) {
      const { path } = await authorizationRequest(reader, { resource, scope: 'read', prompt: 'none' })
      expect(answerOf(await visitor.get(path))).toMatchObject({ error: 'consent_required' })
    }
    const { path } = await authorizationRequest(reader, { scope: 'read', prompt: 'none' })
    expect(answerOf(await visitor.get(path)).code).toBeDefined()
  })

  it('gets access_denied when the user declines, and nothing is remembered', async () => {
    const { path } = await authorizationRequest(app)
    expect(answerOf(await decide(visitor, await visitor.get(path), 'deny'))).toMatchObject({
      error: 'access_denied',
      state: 'st',
      iss: ISSUER,
    })
    expect((await visitor.get(path)).status).toBe(200)
  })

  it('is asked about once, again for more, and always with prompt=consent', async () => {
    await connect(app, visitor, { scope: 'openid' })
    const again = await visitor.get((await authorizationRequest(app, { scope: 'openid' })).path)
    expect(answerOf(again).code).toBeDefined()
    const more = await visitor.get((await authorizationRequest(app, { scope: 'openid read' })).path)
    expect(more.status).toBe(200)
    const asked = await visitor.get(
      (await authorizationRequest(app, { scope: 'openid', prompt: 'consent' })).path,
    )
    expect(asked.status).toBe(200)
  })

  it('AZ-10: that anybody could pose as, on a loopback address, is asked about every time', async () => {
    const native = await createApp(service, { ...THIRD_PARTY, redirect_uris: ['http://127.0.0.1/cb'] })
    const at = { redirect_uri: 'http://127.0.0.1:51004/cb' }
    await getCode(native, visitor, at)
    expect((await visitor.get((await authorizationRequest(native, at)).path)).status).toBe(200)
  })

  it('AZ-09: one decision is one code, however often its form is sent', async () => {
    const { path, codeVerifier } = await authorizationRequest(app, { prompt: 'consent' })
    const page = await visitor.get(path)
    const [first, second] = await Promise.all([
      decide(visitor, page, 'allow'),
      decide(visitor, page, 'allow'),
    ])
    const code = answerOf(first).code ?? ''
    expect(answerOf(second).code).toBe(code)
    expect((await exchange(app, { code, codeVerifier })).status).toBe(200)
    expect((await decide(visitor, page, 'allow')).status).toBe(400)
  })

  it('AZ-09, TK-04: a decision sent again yields its code while that is good, and makes it good for no longer', async () => {
    const { path, codeVerifier } = await authorizationRequest(app, { prompt: 'consent' })
    const page = await visitor.get(path)
    const { code = '' } = answerOf(await decide(visitor, page, 'allow'))
    service.now += AUTHORIZATION_CODE_SECONDS - 1
    expect(answerOf(await decide(visitor, page, 'allow')).code).toBe(code)
    service.now += 1
    expect((await decide(visitor, page, 'allow')).status).toBe(400)
    const late = await exchange(app, { code, codeVerifier })
    expect([late.status, await late.json()]).toMatchObject([400, { error: 'invalid_grant' }])
  })

  it('AZ-09: the decision of one user is no decision of another, nor of a browser that was not asked', async () => {
    const page = await visitor.get((await authorizationRequest(app, { prompt: 'consent' })).path)
    const request = await askedRequest(page)
    const fields = { request, decision: 'allow' }
    const other = await signInBrowser(service, freshAddress())
    const swapped = await follow(other, await other.post('/oauth2/authorize/continue', fields))
    expect(swapped.status).toBe(200)
    const stranger = browser(service)
    const skipped = await follow(stranger, await stranger.post('/oauth2/authorize/continue', fields))
    expect(await skipped.text()).toContain('name="email"')
    const forged = await visitor.post('/oauth2/authorize/continue', { ...fields, request: `${request}x` })
    expect(forged.status).toBe(400)
    const foreign = await visitor.post('/oauth2/authorize/continue', fields, { Origin: 'https://app.test' })
    expect(foreign.status).toBe(403)
  })
})

describe('prompt and max_age', () => {
  it('OI-02: none never shows a page', async () => {
    const firstParty = await createApp(service)
    const thirdParty = await createApp(service, THIRD_PARTY)
    const silent = { prompt: 'none' }
    const out = browser(service)
    const signedOut = await out.get((await authorizationRequest(firstParty, silent)).path)
    expect(answerOf(signedOut)).toMatchObject({ error: 'login_required', state: 'st', iss: ISSUER })
    const signedIn = await signInBrowser(service, freshAddress())
    expect(
      answerOf(await signedIn.get((await authorizationRequest(firstParty, silent)).path)).code,
    ).toBeDefined()
    const unasked = await signedIn.get((await authorizationRequest(thirdParty, silent)).path)
    expect(answerOf(unasked).error).toBe('consent_required')
    service.now += 5
    const stale = await authorizationRequest(firstParty, { ...silent, max_age: '4' })
    expect(answerOf(await signedIn.get(stale.path)).error).toBe('login_required')
  })

  it.each([{ prompt: 'login' }, { max_age: '1' }, { max_age: '0' }])(
    'OI-03: %j forces a fresh sign-in, visible in auth_time',
    async changes => {
      const app = await createApp(service)
      const email = freshAddress()
      const visitor = await signInBrowser(service, email)
      service.now += 2
      const begun = service.now
      const { path, codeVerifier } = await authorizationRequest(app, { ...changes, scope: 'openid' })
      const first = await visitor.get(path)
      const page = await follow(visitor, first)
      expect(await page.clone().text()).toContain('name="email"')
      // Coming back without a sign-in leads to it again.
      const back = new URL(first.headers.get('Location') ?? '', ISSUER).searchParams.get('continue') ?? ''
      expect((await visitor.get(back)).headers.get('Location')).toMatch(/^\/sign-in\?/)
      service.now += 1
      const { code = '' } = answerOf(await signInThere(service, visitor, page, email))
      const { id_token } = (await (await exchange(app, { code, codeVerifier })).json()) as {
        id_token: string
      }
      expect(decodeJwt(id_token).auth_time).toBeGreaterThanOrEqual(begun)
    },
  )

  it('select_account lets the user go on or take another account', async () => {
    const app = await createApp(service)
    const visitor = await signInBrowser(service, freshAddress())
    const { path, codeVerifier } = await authorizationRequest(app, { prompt: 'select_account' })
    const page = await visitor.get(path)
    expect(page.status).toBe(200)
    const html = await page.clone().text()
    expect(answerOf(await decide(visitor, page, 'allow')).code).toBeDefined()
    const other = /href="(\/sign-in\?continue=[^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const email = freshAddress()
    const { code = '' } = answerOf(await signInThere(service, visitor, await visitor.get(other), email))
    const tokens = (await (await exchange(app, { code, codeVerifier })).json()) as { user_id: string }
    expect(await storedSessions(service, tokens.user_id)).toHaveLength(2)
  })

  it('a request that waited too long is over', async () => {
    const app = await createApp(service, THIRD_PARTY)
    const visitor = await signInBrowser(service, freshAddress())
    const page = await visitor.get((await authorizationRequest(app)).path)
    service.now += 31 * 60
    expect((await decide(visitor, page, 'allow')).status).toBe(400)
  })
})

describe('the answer', () => {
  it('AZ-05: goes where response_mode says: fragment or form_post', async () => {
    const app = await createApp(service, { redirect_uris: [`${REDIRECT_URI}?x=%31`] })
    const visitor = await signInBrowser(service, freshAddress())
    const query = await visitor.get((await authorizationRequest(app)).path)
    expect(query.headers.get('Location')).toMatch(/^https:\/\/app\.test\/cb\?x=%31&code=/)
    const fragment = await visitor.get((await authorizationRequest(app, { response_mode: 'fragment' })).path)
    expect(fragment.headers.get('Location')).toMatch(/^https:\/\/app\.test\/cb\?x=%31#code=.*&state=st&iss=/)
    const page = await visitor.get((await authorizationRequest(app, { response_mode: 'form_post' })).path)
    const html = await page.text()
    expect(html).toContain('<form method="post" action="https://app.test/cb?x=%31">')
    expect(html).toMatch(/name="code" value="a_/)
    expect(html).not.toContain('csrf_token')
    expect(page.headers.get('Content-Security-Policy')).toContain("form-action 'self' https://app.test;")
    expect(page.headers.get('Location')).toBeNull()
  })
})
