// A cookie that comes from what cannot be the browser that signed in is not taken as signed in; the session stays.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LAST_SEEN_STEP_SECONDS, TRAIT_CHANGES_WINDOW_SECONDS } from '../../src/domain/limits.ts'
import { texts } from '../../src/pages/texts.ts'
import { askForMail, browser, signInBrowser } from './support/browser.ts'
import { captureLogs } from './support/canaries.ts'
import { CHROME, FIREFOX, NEWER_FIREFOX, seenFrom } from './support/seen-from.ts'
import { createService, form, freshAddress } from './support/service.ts'
import { storedSessions } from './support/stored.ts'

afterEach(() => vi.restoreAllMocks())

/** Signed in with Firefox on Windows in Germany; and the same cookies in other hands. */
async function atHome() {
  const service = createService()
  const email = freshAddress()
  const home = await signInBrowser(
    service,
    email,
    browser(seenFrom(service, { userAgent: FIREFOX, country: 'DE' })),
  )
  const cookie = `__Host-session=${home.cookie('__Host-session')}`
  const [userId = '', sessionId = ''] = (home.cookie('__Host-session') as string).split('.')
  const from = (userAgent: string, country?: string) => {
    const { request } = seenFrom(service, { userAgent, ...(country === undefined ? {} : { country }) })
    return (path: string, init: RequestInit = {}) =>
      request(path, { ...init, headers: { Cookie: cookie, ...init.headers } })
  }
  return { service, email, home, userId, sessionId, from }
}

const lines = (logs: { text: () => string }) =>
  logs
    .text()
    .split('\n')
    .filter(line => line.includes('session.traits_changed'))
    .map(line => JSON.parse(line) as Record<string, unknown>)

describe('SE-16: the cookie of Firefox in Germany', () => {
  it('SE-16: replayed by another browser in another country is not signed in; it is logged, by ids', async () => {
    const logs = captureLogs()
    const { service, email, home, userId, sessionId, from } = await atHome()
    service.now += LAST_SEEN_STEP_SECONDS
    const before = await storedSessions(service, userId)
    const thief = from(CHROME, 'BR')
    const page = await thief('/account')
    expect([page.status, page.headers.get('Location')]).toEqual([303, '/sign-in'])
    for (const path of ['/v1/sessions', '/v1/events', '/v1/preferences']) {
      const response = await thief(path)
      expect([path, response.status, await response.json()]).toMatchObject([
        path,
        401,
        { code: 'unauthorized' },
      ])
    }
    const upgraded = await thief('/v1/sessions/live', { headers: { Upgrade: 'websocket' } })
    expect(upgraded.status).toBe(401)
    expect(await (await thief('/sign-in')).text()).toContain(texts.notices.traits_changed)

    // Not even its last activity has moved; its own browser goes on.
    expect(await storedSessions(service, userId)).toEqual(before)
    expect((await home.get('/account')).status).toBe(200)
    expect(await (await home.get('/sign-in')).text()).not.toContain(texts.notices.traits_changed)
    expect((await storedSessions(service, userId))[0]).toMatchObject({ last_seen_at: service.now })

    expect(lines(logs)[0]).toEqual({
      level: 'info',
      at: expect.any(String),
      event: 'session.traits_changed',
      outcome: 'refused',
      actor: 'anonymous',
      request_id: expect.stringMatching(/^req_/),
      user_id: userId,
      session_id: sessionId,
      count: 1,
    })
    expect(logs.text()).not.toMatch(/Firefox|Chrome|Windows|Linux|2001:/)
    expect(logs.text()).not.toContain(email)
  })

  it('SE-16: a flood of replays is a few lines', async () => {
    const logs = captureLogs()
    const { service, from } = await atHome()
    const thief = from(CHROME, 'BR')
    for (let count = 0; count < 25; count++) await thief('/v1/sessions')
    expect(lines(logs).map(({ count }) => count)).toEqual([1, 10])
    service.now += TRAIT_CHANGES_WINDOW_SECONDS
    await thief('/v1/sessions')
    expect(lines(logs).map(({ count }) => count)).toEqual([1, 10, 1])
  })

  it('SE-16: passes on a journey, after an update, with another browser at home, and where nothing is known', async () => {
    const { from } = await atHome()
    for (const [userAgent, country] of [
      [FIREFOX, 'BR'],
      [NEWER_FIREFOX, 'BR'],
      [CHROME, 'DE'],
      [CHROME, 'XX'],
      [CHROME, undefined],
      ['', 'BR'],
    ] as const)
      expect([userAgent, country, (await from(userAgent, country)('/account')).status]).toEqual([
        userAgent,
        country,
        200,
      ])
  })

  it('SE-16: signs out from anywhere: that opens nothing', async () => {
    captureLogs()
    const { service, userId, home, from } = await atHome()
    await home.get('/account')
    const Cookie = ['__Host-session', '__Host-csrf'].map(name => `${name}=${home.cookie(name)}`).join('; ')
    const init = form({ csrf_token: home.csrfToken ?? '' })
    const signedOut = await from(CHROME, 'BR')('/sign-out', {
      ...init,
      headers: { ...(init.headers as Record<string, string>), 'Sec-Fetch-Site': 'same-origin', Cookie },
    })
    expect(signedOut.status).toBe(303)
    expect(await storedSessions(service, userId)).toEqual([])
    expect(await (await home.get('/sign-in')).text()).toContain(texts.endedSession.reasons.signed_out.next)
  })

  it('SE-16: an app’s wish signs out from anywhere too, and no page names whom', async () => {
    captureLogs()
    const { service, email, userId, home } = await atHome()
    await home.get('/account')
    const abroad = browser(seenFrom(service, { userAgent: CHROME, country: 'BR' }))
    const Cookie = ['__Host-session', '__Host-csrf'].map(name => `${name}=${home.cookie(name)}`).join('; ')
    const path = '/oauth2/end-session'
    const asked = await abroad.get(path, { Cookie })
    expect(asked.status).toBe(200)
    const page = await asked.text()
    expect(page).toContain(texts.signOut.leadUnnamed)
    expect(page).not.toContain(email)
    expect(await storedSessions(service, userId)).toHaveLength(1)
    const confirmed = await abroad.post(`${path}/confirm`, {}, { Cookie })
    expect([confirmed.status, confirmed.headers.get('Location')]).toEqual([303, '/signed-out'])
    expect(await storedSessions(service, userId)).toEqual([])
  })

  it('SE-16, SE-03: signing in again ends it: nobody would hold its cookie any more but whoever copied it', async () => {
    captureLogs()
    const { service, email, userId, sessionId, home } = await atHome()
    const abroad = browser(seenFrom(service, { userAgent: CHROME, country: 'BR' }))
    const session = `__Host-session=${home.cookie('__Host-session')}`
    const { token } = await askForMail(service, abroad, email)
    const Cookie = ['__Host-sign-in', '__Host-csrf'].map(name => `${name}=${abroad.cookie(name)}`).join('; ')
    const signedIn = await abroad.post('/sign-in/link', { token }, { Cookie: `${Cookie}; ${session}` })
    expect(signedIn.status).toBe(303)
    const ids = (await storedSessions(service, userId)).map(({ id }) => id)
    expect(ids).toEqual([abroad.cookie('__Host-session')?.split('.')[1]])
    expect(ids).not.toContain(sessionId)
  })

  it('SE-16: tells nothing of its end there either, at home it does', async () => {
    captureLogs()
    const { service, email, userId, from } = await atHome()
    const owner = browser(seenFrom(service, { userAgent: FIREFOX, country: 'PT', city: 'Lisbon' }))
    await signInBrowser(service, email, owner)
    await owner.get('/account')
    await owner.post('/account/sessions/end-others', { client_id: '*' })
    expect(await storedSessions(service, userId)).toHaveLength(1)
    const pageAt = async (userAgent: string, country: string) =>
      (await from(userAgent, country)('/sign-in')).text()
    expect(await pageAt(CHROME, 'BR')).not.toMatch(/Lisbon|class="notice/)
    expect(await pageAt(FIREFOX, 'BR')).toContain('Lisbon')
  })
})
