// The page behind a notice: it asks, ends that session, then the rest; for whoever holds the link, and no other.
import { describe, expect, it } from 'vitest'
import { NOTICE_LINK_SECONDS } from '../../src/domain/limits.ts'
import { createSecrets } from '../../src/tokens/secrets.ts'
import { ACCEPT_JSON, browser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { seedSessions } from './support/many.ts'
import { FIREFOX, noticesTo, noticeToken, SAFARI, signInByApp, signInByBrowser } from './support/notices.ts'
import { bearer, createService, form, freshAddress, freshIp, type Service } from './support/service.ts'
import { createClient, refresh, type Tokens } from './support/sign-in.ts'
import { checkHistory } from './support/stored.ts'

const NO_LIMIT = { name: 'Harbour Bank', session_rule: { limit: null, at_limit: 'replace_oldest' } }
const PAGE = '/account/not-me'

/** An account with a browser and a third-party app, and a stranger's session that its holder was told of. */
async function intrude(service: Service) {
  const bank = await createClient(service, NO_LIMIT)
  const app = await createClient(service, { kind: 'third_party', grant_types: ['refresh_token'] })
  const email = freshAddress()
  const own = browser(service)
  await signInByBrowser(service, email, own, FIREFOX)
  const [connected] = await seedSessions(service, app.client_id, email, 1)
  const strangerAt = freshIp()
  const fromThere = (by: 'link' | 'code') =>
    signInByApp(service, bank.client_id, email, strangerAt, SAFARI, by)
  const signInAgain = () => fromThere('code')
  const stranger = await fromThere('link')
  const token = noticeToken(service, email)
  return { email, own, connected: connected as Tokens, stranger, token, signInAgain }
}

const whoami = (service: Service, tokens: Tokens) =>
  service.request('/ping/whoami', bearer(tokens.access_token))
const idOf = async (service: Service, { access_token }: Tokens) =>
  (await (await service.request('/v1/sessions/current', bearer(access_token))).json<{ id: string }>()).id
const statusOf = async (service: Service, tokens: Tokens) => (await whoami(service, tokens)).status

describe('the link of a notice', () => {
  it('ML-16: opened, by GET or HEAD, changes nothing, and asks about that sign-in', async () => {
    const service = createService()
    const { token } = await intrude(service)
    const before = await dump(service)
    const anywhere = browser(service)
    const page = await anywhere.get(`${PAGE}?token=${token}`)
    const text = await page.text()
    expect(page.status).toBe(200)
    for (const shown of ['Harbour Bank', 'Safari', 'macOS', '<time', '/assets/link.js'])
      expect(text).toContain(shown)
    expect([page.headers.get('Referrer-Policy'), page.headers.get('Cache-Control')]).toEqual([
      'no-referrer',
      'no-store',
    ])
    const head = await anywhere.send(`${PAGE}?token=${token}`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(await dump(service)).toBe(before)
  })

  it('ML-16: confirmed, in any browser, ends exactly that session; again, or twice at once, it ends no more', async () => {
    const service = createService()
    const { email, own, connected, stranger, token, signInAgain } = await intrude(service)
    const other = await intrude(service)
    const anywhere = browser(service)
    await anywhere.get(`${PAGE}?token=${token}`)
    const pressed = await Promise.all([anywhere.post(PAGE, { token }), anywhere.post(PAGE, { token })])
    for (const page of pressed) {
      expect([page.status, (await page.text()).includes(`action="${PAGE}/rest"`)]).toEqual([200, true])
    }
    expect((await anywhere.post(PAGE, { token })).status).toBe(200)
    const dead = await whoami(service, stranger)
    expect([dead.status, await dead.json()]).toMatchObject([401, { code: 'session_ended', reason: 'not_me' }])
    expect((await own.get('/v1/sessions/current')).status).toBe(200)
    expect([await statusOf(service, connected), await statusOf(service, other.stranger)]).toEqual([200, 200])
    const { events } = await checkHistory(service, stranger.user_id)
    expect(events.filter(event => event.type === 'session.ended')).toMatchObject([
      { session_id: expect.stringMatching(/^s_/), reason: 'not_me', actor: '{"kind":"notice"}' },
    ])
    // Opened again it says so, and offers the rest.
    expect(await (await anywhere.get(`${PAGE}?token=${token}`)).text()).toContain(`action="${PAGE}/rest"`)
    // Whoever was disowned is announced again.
    const back = await signInAgain()
    expect(noticesTo(service, email)).toHaveLength(2)
    expect((await anywhere.post(PAGE, { token })).status).toBe(200)
    expect(await statusOf(service, back)).toBe(200)
  })

  it('ML-16: then ends the rest as well, apps too, as often as it is asked, and nobody else’s', async () => {
    const service = createService()
    const { own, connected, stranger, token, signInAgain } = await intrude(service)
    const other = await intrude(service)
    const anywhere = browser(service)
    await anywhere.get(`${PAGE}?token=${token}`)
    const rest = await anywhere.post(`${PAGE}/rest`, { token })
    expect([rest.status, (await rest.text()).includes('<form')]).toEqual([200, false])
    expect((await own.get('/v1/sessions/current')).status).toBe(401)
    expect([await statusOf(service, connected), await statusOf(service, stranger)]).toEqual([401, 401])
    const back = await signInAgain()
    await anywhere.post(`${PAGE}/rest`, { token })
    expect(await statusOf(service, back)).toBe(401)
    expect(await statusOf(service, other.stranger)).toBe(200)
    const { events, live } = await checkHistory(service, stranger.user_id)
    expect(live).toEqual([])
    expect(new Set(events.flatMap(event => event.reason ?? []))).toEqual(new Set(['not_me']))
  })

  it.each(['replaced', 'signed out'] as const)(
    'ML-16: is not defused by signing in again from there, the first session %s: what is live is shown, and ended by name',
    async how => {
      const service = createService()
      const bank = await createClient(service, { name: 'Harbour Bank' })
      const email = freshAddress()
      const own = browser(service)
      await signInByBrowser(service, email, own, FIREFOX)
      const strangerAt = freshIp()
      const fromThere = () => signInByApp(service, bank.client_id, email, strangerAt, SAFARI, 'code')
      const first = await fromThere()
      const token = noticeToken(service, email)
      if (how === 'signed out')
        await service.request('/v1/sessions/current', bearer(first.access_token, { method: 'DELETE' }))
      const second = await fromThere()
      expect(noticesTo(service, email)).toHaveLength(1)
      const anywhere = browser(service)
      const before = await dump(service)
      // Opened, and pressed on a page that was loaded before.
      for (const page of [
        await anywhere.get(`${PAGE}?token=${token}`),
        await anywhere.post(PAGE, { token }),
      ]) {
        const html = await page.text()
        expect([page.status, html]).toEqual([200, expect.stringContaining('later sign-in')])
        expect(html).not.toMatch(/Nobody is signed in|nobody is signed in/)
        expect([...html.matchAll(/name="session_id" value="([^"]+)"/g)].map(each => each[1])).toEqual([
          await idOf(service, second),
        ])
      }
      expect([await dump(service), await statusOf(service, second)]).toEqual([before, 200])

      const page = await anywhere.post(PAGE, { token, session_id: await idOf(service, second) })
      expect(await page.text()).toContain('the link alone is not enough')
      expect([await statusOf(service, second), (await own.get('/v1/sessions/current')).status]).toEqual([
        401, 200,
      ])
      expect(await (await anywhere.get(`${PAGE}?token=${token}`)).text()).toContain('Nobody is signed in')
      await fromThere()
      expect(noticesTo(service, email)).toHaveLength(2)
      await checkHistory(service, second.user_id)
    },
  )

  it('ML-16: replaced from another device, shows that one, and ends nothing that it has not shown', async () => {
    const service = createService()
    const bank = await createClient(service, { name: 'Harbour Bank' })
    const email = freshAddress()
    const own = browser(service)
    await signInByBrowser(service, email, own, FIREFOX)
    await signInByApp(service, bank.client_id, email, freshIp(), SAFARI)
    const token = noticeToken(service, email)
    const newer = await signInByApp(service, bank.client_id, email, own.ip, FIREFOX)
    const anywhere = browser(service)
    for (const page of [await anywhere.get(`${PAGE}?token=${token}`), await anywhere.post(PAGE, { token })]) {
      const html = await page.text()
      for (const shown of ['took its place', 'Firefox', await idOf(service, newer)])
        expect(html).toContain(shown)
    }
    expect(await statusOf(service, newer)).toBe(200)
  })

  it('ML-16: needs the anti-forgery token of a page of ours', async () => {
    const service = createService()
    const { stranger, token } = await intrude(service)
    const before = await dump(service)
    for (const path of [PAGE, `${PAGE}/rest`]) {
      const bare = await service.request(path, form({ token }))
      const forged = await browser(service).post(path, { token }, { 'Sec-Fetch-Site': 'cross-site' })
      expect([bare.status, forged.status]).toEqual([403, 403])
    }
    expect(await dump(service)).toBe(before)
    expect(await statusOf(service, stranger)).toBe(200)
  })
})

describe('what is no link of ours', () => {
  it('ML-16: tampered with, expired, sealed elsewhere or for something else: 400, and nothing happens', async () => {
    const service = createService()
    const { token } = await intrude(service)
    const { secrets } = service.parts
    const said = (await secrets.unseal('notice-link', 'not-me', token)) as string
    const [userId, sessionId, expiry] = said.split('.')
    expect(Number(expiry)).toBe(service.now + NOTICE_LINK_SECONDS)
    const sealed = (text: string) => secrets.seal('notice-link', 'not-me', text)
    const elsewhere = createSecrets(['sealing-elsewhere-0123456789'], ['digest-elsewhere-0123456789'])
    const flip = (at: number) => `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
    const wrong = [
      ...['', 'x', 'null', `${token}A`, `${token}=`, ` ${token}`, token.slice(0, -4), 'A'.repeat(9_000)],
      ...[flip(0), flip(50), flip(100), flip(token.length - 8)],
      ...(await Promise.all([
        elsewhere.seal('notice-link', 'not-me', said),
        secrets.seal('notice-link', 'another', said),
        secrets.seal('outbox', 'not-me', said),
        ...[`${userId}.${sessionId}`, `${said}.x`, `${sessionId}.${userId}.${expiry}`].map(sealed),
        ...[`${userId}.${sessionId}.9`, `${userId}.${sessionId}.1e12`, `${userId}.${sessionId}.`].map(sealed),
        sealed(`${userId}.s_aaAAAAAAAAAAAAAAAAAAAAAA.0${expiry}`),
      ])),
    ]
    const anywhere = browser(service)
    const refusals = async (each: string) => [
      await anywhere.get(`${PAGE}?token=${encodeURIComponent(each)}`),
      await anywhere.post(PAGE, { token: each }),
      await anywhere.post(`${PAGE}/rest`, { token: each }),
    ]
    await anywhere.get('/sign-in')
    const before = await dump(service)
    for (const each of wrong) {
      for (const page of await refusals(each)) {
        expect([each, page.status, page.headers.get('Content-Type')]).toEqual([
          each,
          400,
          'text/html; charset=UTF-8',
        ])
        expect(await page.text()).toContain('href="/account"')
      }
    }
    const json = await anywhere.get(`${PAGE}?token=${flip(60)}`, ACCEPT_JSON)
    expect(await json.json()).toMatchObject({ code: 'invalid_link', status: 400 })
    expect(await dump(service)).toBe(before)

    service.now += NOTICE_LINK_SECONDS - 1
    expect((await anywhere.get(`${PAGE}?token=${token}`)).status).toBe(200)
    service.now += 1
    for (const page of await refusals(token)) {
      expect([page.status, (await page.text()).includes('expired')]).toEqual([400, true])
    }
    const late = await anywhere.post(PAGE, { token }, ACCEPT_JSON)
    expect(await late.json()).toMatchObject({ code: 'link_expired' })
    expect(await dump(service)).toBe(before)
  })

  it('ML-16: the notice signs nobody in: no code, no link, no token that any door takes', async () => {
    const service = createService()
    const { email, stranger, token } = await intrude(service)
    const [notice] = noticesTo(service, email)
    const mail = `${notice?.text}${notice?.html}`
    expect(mail).not.toMatch(/\b[A-Z0-9]{4}-[A-Z0-9]{4}\b|sign-in\/|eyJ|r_s_/)
    expect(new Set(mail.match(/https?:\/\/[^\s"<]+/g))).toEqual(
      new Set([`https://auth.test${PAGE}?token=${token}`]),
    )
    const signedIn = await service.request('/v1/sessions', { headers: { Cookie: `__Host-session=${token}` } })
    const refreshed = await refresh(service, { client_id: stranger.client_id, refresh_token: token })
    expect([signedIn.status, refreshed.status]).toEqual([401, 400])
  })
})
