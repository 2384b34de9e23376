// What a page asks about a new sign-in, and what the two answers do: from a session that began before it, and no other.
import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/domain/session.ts'
import { run } from '../../src/store/d1.ts'
import { listLiveSessions, recognizeSession } from '../../src/store/sessions.ts'
import { type Browser, browser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { FIREFOX, SAFARI, signInByApp, signInByBrowser } from './support/notices.ts'
import { bearer, createService, freshAddress, freshIp, type Service } from './support/service.ts'
import { createClient } from './support/sign-in.ts'
import { checkHistory, eventsOfType } from './support/stored.ts'

const RECOGNIZE = '/account/sessions/recognize'
const NOT_ME = '/account/sessions/not-me'
const UNKNOWN = 's_aaAAAAAAAAAAAAAAAAAAAAAA'

/** An account with three browsers, in the order in which they signed in. */
async function threeBrowsers(service: Service) {
  const email = freshAddress()
  const [first, second, third] = [browser(service), browser(service), browser(service)]
  await signInByBrowser(service, email, first, FIREFOX)
  await signInByBrowser(service, email, second, SAFARI)
  await signInByBrowser(service, email, third, 'curl/8.0')
  return { email, first, second, third }
}

const idOf = (who: Browser): string => who.cookie('__Host-session')?.split('.')[1] ?? ''
const userOf = (who: Browser): string => who.cookie('__Host-session')?.split('.')[0] ?? ''
const isLive = async (who: Browser) => (await who.get('/v1/sessions/current')).status === 200

/** The sessions that somebody's page asks about. */
async function askedOf(who: Browser): Promise<string[]> {
  const html = await (await who.get('/account')).text()
  const region = /<div id="arrivals".*?(?=<div id="signed-in")/s.exec(html)?.[0] ?? ''
  return [...region.matchAll(/<article id="arrival-([^"]+)"/g)].map(([, id = '']) => id)
}

describe('a new sign-in', () => {
  it('SE-10: is asked about in every session that began before it, until that one or an earlier one has spoken for it', async () => {
    const service = createService()
    const { first, second, third } = await threeBrowsers(service)
    expect(await askedOf(first)).toEqual([idOf(second), idOf(third)])
    expect(await askedOf(second)).toEqual([idOf(third)])
    expect(await askedOf(third)).toEqual([])

    const answer = await second.post(RECOGNIZE, { recognized_id: idOf(third) })
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/account'])
    expect([await askedOf(first), await askedOf(second)]).toEqual([[idOf(second), idOf(third)], []])
    await first.post(RECOGNIZE, { recognized_id: idOf(third) })
    expect([await askedOf(first), await askedOf(second)]).toEqual([[idOf(second)], []])
    // Once said it is said, whoever says it again.
    await second.post(RECOGNIZE, { recognized_id: idOf(third) })
    expect([await askedOf(first), await askedOf(second)]).toEqual([[idOf(second)], []])
    const { events } = await checkHistory(service, userOf(first))
    expect(events).toHaveLength(3)
    expect(await isLive(third)).toBe(true)
  })

  it('SE-10: is not waved through by another one that nobody has spoken for, though that one is gone', async () => {
    const service = createService()
    const { first, second, third } = await threeBrowsers(service)
    await second.get('/account')
    await second.post(RECOGNIZE, { recognized_id: idOf(third) })
    await second.post('/sign-out', {})
    expect([await isLive(second), await askedOf(first)]).toEqual([false, [idOf(third)]])
  })

  it('SE-10: is waved through by one that was spoken for, in the name of whoever did', async () => {
    const service = createService()
    const { first, second, third } = await threeBrowsers(service)
    for (const who of [first, second]) await who.get('/account')
    await first.post(RECOGNIZE, { recognized_id: idOf(second) })
    await second.post(RECOGNIZE, { recognized_id: idOf(third) })
    expect([await askedOf(first), await askedOf(second)]).toEqual([[], []])
    // Once said it is said: a later answer of a younger session takes nothing back.
    await second.post(RECOGNIZE, { recognized_id: idOf(third) })
    expect(await askedOf(first)).toEqual([])
  })

  it('SE-10: of an app is asked about as well', async () => {
    const service = createService()
    const { client_id } = await createClient(service, { name: 'Harbour Bank' })
    const email = freshAddress()
    const owner = browser(service)
    await signInByBrowser(service, email, owner, FIREFOX)
    await signInByApp(service, client_id, email, freshIp(), SAFARI)
    expect(await askedOf(owner)).toHaveLength(1)
    const page = await (await owner.get('/account')).text()
    for (const shown of ['Harbour Bank', 'Safari on macOS', 'role="log"', '/assets/account.js'])
      expect(page.replaceAll(/<\/?bdi>/g, '')).toContain(shown)
  })

  it('SE-12: nobody speaks for their own session or an older one, nor for another user’s; all answers are alike', async () => {
    const service = createService()
    const { first, second, third } = await threeBrowsers(service)
    const stranger = browser(service)
    await signInByBrowser(service, freshAddress(), stranger, FIREFOX)
    for (const who of [second, third, stranger]) await who.get('/account')
    const before = await dump(service)
    const tries: [Browser, string][] = [
      ...[second, first].map(each => [second, idOf(each)] as [Browser, string]),
      ...[third, second, first].map(each => [third, idOf(each)] as [Browser, string]),
      ...[first, second, third].map(each => [stranger, idOf(each)] as [Browser, string]),
      ...[UNKNOWN, 'x', '', `${idOf(third)}%`].map(id => [second, id] as [Browser, string]),
    ]
    for (const [who, recognized_id] of tries) {
      const answer = await who.post(RECOGNIZE, { recognized_id })
      expect([answer.status, answer.headers.get('Location'), await answer.text()]).toEqual([
        303,
        '/account',
        '',
      ])
    }
    expect(await dump(service)).toBe(before)
    expect(await askedOf(first)).toEqual([idOf(second), idOf(third)])
  })

  it('SE-12: a session that has ended speaks for nobody', async () => {
    const service = createService()
    const { first, second, third } = await threeBrowsers(service)
    await second.get('/account')
    const user = userOf(first)
    const db = service.parts.shards.of(user)
    const live = await listLiveSessions(db, user, service.now)
    const by = live.find(({ id }) => id === idOf(second)) as Session
    await first.post('/account/sessions/end', { session_id: idOf(second) })
    // Nor where its end comes between the proof and the change.
    expect(await run(recognizeSession(db, by, idOf(third), service.now))).toBe(0)
    const answer = await second.post(RECOGNIZE, { recognized_id: idOf(third) })
    expect(answer.headers.get('Location')).toBe('/sign-in')
    expect((await second.post(NOT_ME, { session_id: idOf(third) })).headers.get('Location')).toBe('/sign-in')
    expect(await askedOf(first)).toEqual([idOf(third)])
    expect(await isLive(third)).toBe(true)
  })
})

describe('“That wasn’t me”', () => {
  it('SE-11: ends that session at once, as not me, and offers to end all others; twice at once it ends no more', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const { email, first, second, third } = await threeBrowsers(service)
    const app = await signInByApp(service, client_id, email, freshIp(), SAFARI)
    await first.get('/account')
    const pressed = await Promise.all([1, 2, 3].map(() => first.post(NOT_ME, { session_id: idOf(second) })))
    for (const page of pressed) {
      expect([page.status, page.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
      expect(await page.text()).toContain('action="/account/sessions/end-others"')
    }
    expect([await isLive(first), await isLive(second), await isLive(third)]).toEqual([true, false, true])
    const { events } = await checkHistory(service, userOf(first))
    const by = JSON.stringify({ kind: 'session', session_id: idOf(first) })
    expect(eventsOfType(events, 'session.ended')).toMatchObject([
      { session_id: idOf(second), reason: 'not_me', actor: by },
    ])

    const rest = await first.post('/account/sessions/end-others', { client_id: '*' })
    expect(rest.headers.get('Location')).toBe('/account?notice=others_ended')
    expect([await isLive(first), await isLive(third)]).toEqual([true, false])
    expect((await service.request('/ping/whoami', bearer(app.access_token))).status).toBe(401)
    expect(await askedOf(first)).toEqual([])
  })

  it('SE-12: about one’s own session, an older one, another user’s or none changes nothing, and these look like one that is over', async () => {
    const service = createService()
    const { first, second } = await threeBrowsers(service)
    const stranger = browser(service)
    await signInByBrowser(service, freshAddress(), stranger, FIREFOX)
    await stranger.get('/account')
    await second.get('/account')
    const before = await dump(service)
    const own = await second.post(NOT_ME, { session_id: idOf(second) })
    const odd = await second.post(NOT_ME, { session_id: `${idOf(first)}.` })
    expect([own, odd].map(answer => answer.headers.get('Location'))).toEqual(['/account', '/account'])
    const pagesOf = (who: Browser, ids: string[]) =>
      Promise.all(
        ids.map(async session_id => {
          const answer = await who.post(NOT_ME, { session_id })
          return [answer.status, await answer.text()]
        }),
      )
    for (const who of [stranger, second]) {
      const pages = await pagesOf(who, [idOf(first), UNKNOWN])
      expect(pages[0]).toEqual(pages[1])
      // Nor is anything said of who is signed in: somebody may be, in the place of it.
      expect(pages[0]).toEqual([200, expect.not.stringMatching(/nobody/i)])
    }
    expect(await dump(service)).toBe(before)
  })
})
