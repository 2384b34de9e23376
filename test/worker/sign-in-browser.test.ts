import { describe, expect, it } from 'vitest'
import { ACCEPT_JSON, askForMail, type Browser, browser, signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { createService, freshAddress, type Service } from './support/service.ts'

const SESSION = '__Host-session'

const isSignedIn = async (who: Browser): Promise<boolean> => (await who.get('/account')).status === 200

/** A browser that has asked for a mail, with what the mail says. */
async function asked(service: Service, email = freshAddress()) {
  const owner = browser(service)
  return { owner, email, ...(await askForMail(service, owner, email)) }
}

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code

describe('signing in by link', () => {
  it('ML-04: asks, waits, shows one button, and only its press signs in', async () => {
    const service = createService()
    const owner = browser(service)
    const email = freshAddress()
    const sent = await owner.post('/sign-in', { email })
    expect([sent.status, sent.headers.get('Location')]).toEqual([303, '/sign-in/check'])
    expect(await (await owner.get('/sign-in/check')).text()).toContain('name="code"')

    const link = /https:\/\/\S+/.exec(service.newestMail(email).text)?.[0] ?? ''
    const page = await owner.get(link)
    expect(page.status).toBe(200)
    const html = await page.text()
    expect(html.match(/<form /g)).toHaveLength(1)
    expect(html.match(/<button /g)).toHaveLength(1)
    expect(owner.cookie(SESSION)).toBeUndefined()
    expect(await isSignedIn(owner)).toBe(false)

    const token = new URL(link).searchParams.get('token') ?? ''
    const done = await owner.post('/sign-in/link', { token })
    expect([done.status, done.headers.get('Location')]).toEqual([303, '/account'])
    expect(await isSignedIn(owner)).toBe(true)
    const again = await owner.get(`/sign-in/link?token=${token}`)
    expect(again.status).toBe(400)
    expect(await again.text()).not.toContain('<form')
  })

  it.each([
    [599, 303, undefined],
    [600, 400, 'link_expired'],
    [601, 400, 'link_expired'],
  ])('ML-02: a link after %i seconds is answered %i', async (seconds, status, code) => {
    const service = createService()
    const { owner, token } = await asked(service)
    await owner.get('/sign-in/check')
    service.now += seconds
    const page = await owner.get(`/sign-in/link?token=${token}`)
    expect(page.status).toBe(status === 303 ? 200 : 400)
    const done = await owner.post('/sign-in/link', { token }, status === 303 ? {} : ACCEPT_JSON)
    expect(done.status).toBe(status)
    if (code !== undefined) expect(await codeOf(done)).toBe(code)
    expect(owner.cookie(SESSION) !== undefined).toBe(status === 303)
  })

  it('ML-03: fifty presses at once make one session', async () => {
    const service = createService()
    const { owner, token } = await asked(service)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => owner.post('/sign-in/link', { token }, ACCEPT_JSON)),
    )
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    const refused = answers.filter(({ status }) => status !== 303)
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([400]))
    expect(new Set(await Promise.all(refused.map(codeOf)))).toEqual(new Set(['link_used']))
    const { sessions } = (await (await owner.get('/v1/sessions')).json()) as { sessions: unknown[] }
    expect(sessions).toHaveLength(1)
    const again = await owner.send(`/sign-in/link?token=${token}`, { headers: ACCEPT_JSON })
    expect([again.status, await codeOf(again)]).toEqual([400, 'link_used'])
  })

  it('ML-04: mail scanners that open the link change nothing', async () => {
    const service = createService()
    const { owner, token } = await asked(service)
    const path = `/sign-in/link?token=${token}`
    const before = await dump(service)
    for (const agent of SCANNERS) {
      const scanner = browser(service)
      const headers = { 'User-Agent': agent, 'Sec-Purpose': 'prefetch' }
      expect((await scanner.get(path, headers)).status).toBe(200)
      expect((await scanner.send(path, { method: 'HEAD', headers })).status).toBe(200)
    }
    expect((await browser(service).send(path, { method: 'OPTIONS' })).status).toBe(405)
    // Even one that runs inside the asking browser.
    for (const method of ['GET', 'HEAD', 'OPTIONS']) await owner.send(path, { method })
    expect(await dump(service)).toBe(before)
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
  })

  it('ML-05: elsewhere the link explains, has no form, and spends nothing', async () => {
    const service = createService()
    const { owner, token } = await asked(service)
    // One that never asked for anything, and one that waits for a mail of its own.
    const others = [browser(service), (await asked(service)).owner]
    const before = await dump(service)
    for (const other of others) {
      const page = await other.get(`/sign-in/link?token=${token}`)
      expect(page.status).toBe(200)
      const html = await page.text()
      expect(html).not.toContain('<form')
      expect(html).not.toContain(token)
      // From the very page that it saw, by a script or by hand.
      const csrf = /<meta name="csrf-token" content="([^"]+)"/.exec(html)?.[1] ?? ''
      const posted = await other.post('/sign-in/link', { token, csrf_token: csrf }, ACCEPT_JSON)
      expect(posted.status).toBe(403)
      expect(posted.headers.get('Content-Type')).toBe('application/problem+json')
      expect(await codeOf(posted)).toBe('wrong_browser')
      expect((await other.post('/sign-in/link', { token })).status).toBe(403)
      expect(other.cookie(SESSION)).toBeUndefined()
    }
    expect(await dump(service)).toBe(before)
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
    expect(await isSignedIn(owner)).toBe(true)
  })

  it.each(['x', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', `${'A'.repeat(9_000)}`])(
    'ML-05: what is no link of ours (%#) is invalid_link, whoever holds it',
    async token => {
      const service = createService()
      const { owner } = await asked(service)
      expect((await owner.get(`/sign-in/link?token=${token}`)).status).toBe(400)
      const posted = await owner.post('/sign-in/link', { token }, ACCEPT_JSON)
      expect([posted.status, await codeOf(posted)]).toEqual([400, 'invalid_link'])
    },
  )
})

const SCANNERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 SafeLinks',
  'Barracuda Sentinel (EE)',
  'Mozilla/5.0 (compatible; Mimecast URL Protect)',
  'Proofpoint-URL-Defense/1.0',
  'GoogleImageProxy',
  'facebookexternalhit/1.1',
  'Slackbot-LinkExpanding 1.0',
  'curl/8.5.0',
  'python-requests/2.32',
  '',
].flatMap(agent => [agent, `${agent} again`])

describe('a browser that asks twice', () => {
  it.each(['first', 'second'] as const)('ML-10: signs in by the link of its %s mail', async which => {
    const service = createService()
    const { owner, email, token } = await asked(service)
    const second = await askForMail(service, owner, email)
    const links = { first: token, second: second.token }
    expect((await owner.post('/sign-in/link', { token: links[which] })).status).toBe(303)
    expect(await isSignedIn(owner)).toBe(true)
  })
})

describe('a second sign-in in the same browser', () => {
  const former = async (service: Service, cookie: string) =>
    (await service.request('/v1/sessions', { headers: { Cookie: `${SESSION}=${cookie}` } })).status

  it('SE-03: of the same user replaces the former session in the same change', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const first = owner.cookie(SESSION) ?? ''
    await signInBrowser(service, email, owner)
    expect(owner.cookie(SESSION)).not.toBe(first)
    expect(await former(service, first)).toBe(401)
    const { sessions } = (await (await owner.get('/v1/sessions')).json()) as { sessions: unknown[] }
    expect(sessions).toHaveLength(1)
    const { events } = (await (await owner.get('/v1/events')).json()) as { events: object[] }
    expect(events).toMatchObject([
      { type: 'session.created' },
      { type: 'session.ended', reason: 'replaced' },
      { type: 'session.created' },
    ])
  })

  it('SE-03: of another user ends the former one, and leaves that user signed in elsewhere', async () => {
    const service = createService()
    const [ann, bob] = [freshAddress(), freshAddress()]
    const shared = await signInBrowser(service, ann)
    const atHome = await signInBrowser(service, ann)
    const first = shared.cookie(SESSION) ?? ''
    await signInBrowser(service, bob, shared)
    expect(await former(service, first)).toBe(401)
    expect(await isSignedIn(atHome)).toBe(true)
    expect(await (await shared.get('/account')).text()).toContain(bob)
  })

  it('SE-08: in another browser leaves the first alone: browser sessions have no limit', async () => {
    const service = createService()
    const email = freshAddress()
    const [one, two] = [await signInBrowser(service, email), await signInBrowser(service, email)]
    expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([true, true])
  })
})

describe('the page that waits', () => {
  const state = async (who: Browser) => (await who.get('/sign-in/check', ACCEPT_JSON)).json()

  it('says pending, then completed with where to go, to this browser only', async () => {
    const service = createService()
    const { owner, token } = await asked(service)
    const stranger = await asked(service)
    expect(await state(owner)).toEqual({ state: 'pending', location: '/account' })
    const secondTab = owner.post('/sign-in/link', { token })
    expect((await secondTab).status).toBe(303)
    expect(await state(owner)).toEqual({ state: 'completed', location: '/account' })
    expect((await owner.get('/sign-in/check')).headers.get('Location')).toBe('/account')
    expect(await state(stranger.owner)).toEqual({ state: 'pending', location: '/account' })
    expect(await state(browser(service))).toEqual({ state: 'ended', location: '/sign-in' })
  })

  it('goes on when an earlier mail signed in while it waits, and for no session that was there before', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    service.now += 1
    const first = await askForMail(service, owner, email, { continue: '/account?first' })
    await askForMail(service, owner, email, { continue: '/account?second' })
    const waiting = { state: 'pending', location: '/account?second' }
    expect(await state(owner)).toEqual(waiting)
    expect((await owner.get('/sign-in/check')).status).toBe(200)
    expect((await owner.post('/sign-in/link', { token: first.token })).status).toBe(303)
    expect(await state(owner)).toEqual({ state: 'completed', location: '/account?second' })
    expect((await owner.get('/sign-in/check')).headers.get('Location')).toBe('/account?second')
    await owner.post('/sign-out')
    expect(await state(owner)).toEqual(waiting)
  })

  it('says ended to a cookie of another secret, and once the time has passed', async () => {
    const service = createService()
    const { owner } = await asked(service)
    const cookie = owner.cookie('__Host-sign-in') ?? ''
    const check = async (value: string) => {
      const headers = { ...ACCEPT_JSON, Cookie: `__Host-sign-in=${value}` }
      return ((await (await owner.send('/sign-in/check', { headers })).json()) as { state: string }).state
    }
    expect(await check(cookie)).toBe('pending')
    expect(await check(`${cookie.split('.')[0]}.${'A'.repeat(43)}`)).toBe('ended')
    service.now += 600
    expect(await check(cookie)).toBe('ended')
  })
})
