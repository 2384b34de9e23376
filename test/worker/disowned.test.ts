// After "That was not me" the next sign-in takes the typed code: a link alone is refused, and nothing is spent by it.
import { beforeAll, describe, expect, it } from 'vitest'
import { tagOf } from '../../src/domain/ids.ts'
import { takeEmail } from '../../src/store/users.ts'
import { randomTaggedId } from '../../src/tokens/random.ts'
import { applyChange } from '../../src/user/change.ts'
import { ACCEPT_JSON, askForMail, type Browser, browser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { changeEmail, freshAddressBeside, indexOf } from './support/email-change.ts'
import { seenThrough } from './support/intercept.ts'
import { start } from './support/ledger.ts'
import { disownAll, FIREFOX, noticeToken, SAFARI, signInByApp, signInByBrowser } from './support/notices.ts'
import { admin, bearer, createService, freshAddress, freshIp, type Service } from './support/service.ts'
import { createClient, redeem, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType } from './support/stored.ts'

const NO_LIMIT = { session_rule: { limit: null, at_limit: 'replace_oldest' } }
const REFUSED = { error: 'invalid_grant', code: 'code_required' }

let clientId = ''
beforeAll(async () => {
  clientId = (await createClient(createService(), NO_LIMIT)).client_id
})

/** An account whose holder, in a browser, has disowned the sign-in of a stranger by the link of its notice. */
async function disowned(service: Service) {
  const email = freshAddress()
  const own = browser(service)
  await signInByBrowser(service, email, own, FIREFOX)
  const { user_id } = await signInByApp(service, clientId, email, freshIp(), SAFARI)
  const token = noticeToken(service, email)
  const anywhere = browser(service)
  const page = await anywhere.post('/account/not-me', { token })
  return { email, own, user_id, token, anywhere, page: await page.text() }
}

const formsOf = (html: string) =>
  [...html.matchAll(/<form method="post" action="([^"]+)"/g)].map(each => each[1])
const nameOf = (html: string) => /name="sign_in_id" value="([^"]+)"/.exec(html)?.[1] ?? ''
const isSignedIn = async (who: Browser) => (await who.get('/v1/sessions/current')).status === 200
const bodyOf = async (response: Response): Promise<unknown> => [response.status, await response.json()]

describe('in a browser', () => {
  it('ML-16: a known one too: the link asks for the code and spends nothing, the code signs in, then links do again', async () => {
    const service = createService()
    const { email, own, page } = await disowned(service)
    expect(page).toContain('the link alone is not enough')
    await own.post('/sign-out')
    const { token, code } = await askForMail(service, own, email)
    const path = `/sign-in/link?token=${token}`
    const before = await dump(service)

    const opened = await own.get(path)
    const html = await opened.text()
    expect([opened.status, formsOf(html)]).toEqual([200, ['/sign-in/code']])
    for (const shown of ['name="code"', 'who was not you', '/assets/link.js']) expect(html).toContain(shown)
    expect(html).not.toContain(token)
    // What scanners and other browsers see says nothing of it.
    for (const scanner of [browser(service), browser(service)]) {
      const seen = await scanner.get(path, { Accept: '*/*' })
      expect([seen.status, (await seen.text()).includes('not you')]).toEqual([200, false])
      expect((await scanner.send(path, { method: 'HEAD' })).status).toBe(200)
      expect(await isSignedIn(scanner)).toBe(false)
    }
    expect(await bodyOf(await own.get(path, ACCEPT_JSON))).toMatchObject([403, { code: 'code_required' }])

    for (let nth = 0; nth < 6; nth++) {
      const pressed = await own.post('/sign-in/link', { token })
      expect([pressed.status, formsOf(await pressed.text())]).toEqual([403, ['/sign-in/code']])
    }
    const asJson = await own.post('/sign-in/link', { token }, ACCEPT_JSON)
    expect(await bodyOf(asJson)).toMatchObject([403, { code: 'code_required', status: 403 }])
    expect(await dump(service)).toBe(before)
    expect(await isSignedIn(own)).toBe(false)

    const done = await own.post('/sign-in/code', { code, sign_in_id: nameOf(html) })
    expect([done.status, done.headers.get('Location')]).toEqual([303, '/account'])
    expect(await isSignedIn(own)).toBe(true)
    expect(formsOf(await (await own.get(path)).text())).toEqual([])
    expect(await bodyOf(await own.post('/sign-in/link', { token }, ACCEPT_JSON))).toMatchObject([
      400,
      { code: 'link_used' },
    ])
    expect((await signInByBrowser(service, email, browser(service), SAFARI)).status).toBe(303)
  })

  it('ML-16, ML-09: the page of an earlier mail takes the code of that mail, and counts wrong ones there', async () => {
    const service = createService()
    const { email } = await disowned(service)
    const asking = browser(service)
    const first = await askForMail(service, asking, email)
    const second = await askForMail(service, asking, email)
    const page = await (await asking.get(`/sign-in/link?token=${first.token}`)).text()
    const sign_in_id = nameOf(page)
    const wrong = await asking.post('/sign-in/code', { code: second.code, sign_in_id })
    const again = await wrong.text()
    expect([wrong.status, nameOf(again), again.includes('aria-invalid="true"')]).toEqual([
      400,
      sign_in_id,
      true,
    ])
    // Named by a browser that has not asked for it, it is as good as unknown.
    const stranger = browser(service)
    await askForMail(service, stranger, freshAddress())
    for (const code of [first.code, second.code]) {
      const refused = await stranger.post('/sign-in/code', { code, sign_in_id }, ACCEPT_JSON)
      expect(await bodyOf(refused)).toMatchObject([403, { code: 'wrong_browser' }])
    }
    expect(await wrongCodesOf(service, sign_in_id)).toBe(1)
    expect((await asking.post('/sign-in/code', { code: first.code, sign_in_id })).status).toBe(303)
  })

  it.each(['same', 'another'] as const)(
    'ML-16: a link of an address that is not this user’s, whatever the index of %s shard says, asks for nothing',
    async where => {
      const service = createService()
      const { email, user_id } = await disowned(service)
      const other = await freshAddressBeside(service, email, where)
      // As a change of address leaves it that stops in between.
      await takeEmail(await indexOf(service, other), other, user_id, service.now)
      const asking = browser(service)
      const { token } = await askForMail(service, asking, other)
      const opened = await asking.get(`/sign-in/link?token=${token}`)
      expect([opened.status, formsOf(await opened.text())]).toEqual([200, ['/sign-in/link']])
      expect((await asking.post('/sign-in/link', { token })).status).toBe(303)
      expect(asking.cookie('__Host-session')).not.toContain(user_id)
      const refused = await redeem(service, await requestLink(service, clientId, email))
      expect(await bodyOf(refused)).toMatchObject([400, REFUSED])
    },
  )

  it.each(['same', 'another'] as const)(
    'ML-16: a link of the address that has become this user’s asks for the code, in %s shard',
    async where => {
      const service = createService()
      const { email, own, user_id } = await disowned(service)
      const fresh = await freshAddressBeside(service, email, where)
      await changeEmail(service, own, fresh)
      const asking = browser(service)
      const { token, code } = await askForMail(service, asking, fresh)
      const html = await (await asking.get(`/sign-in/link?token=${token}`)).text()
      expect(formsOf(html)).toEqual(['/sign-in/code'])
      const done = await asking.post('/sign-in/code', { code, sign_in_id: nameOf(html) })
      expect([done.status, done.headers.get('Location')]).toEqual([303, '/account'])
      expect(asking.cookie('__Host-session')).toContain(user_id)
    },
  )

  it('ML-16: what is said on the way out is so: nothing of a code where none will be asked for', async () => {
    const service = createService()
    const { email, token, anywhere, own } = await disowned(service)
    const says = async (page: Response) => (await page.text()).includes('the link alone is not enough')
    expect(await says(await anywhere.get(`/account/not-me?token=${token}`))).toBe(true)
    const { code } = await askForMail(service, own, email)
    await own.post('/sign-in/code', { code })
    expect(await says(await anywhere.get(`/account/not-me?token=${token}`))).toBe(false)
    expect(await says(await anywhere.post('/account/not-me', { token }))).toBe(false)
    expect(await isSignedIn(own)).toBe(true)
    expect(await says(await anywhere.post('/account/not-me/rest', { token }))).toBe(true)
    const refused = await own.post('/sign-in/link', { token: (await askForMail(service, own, email)).token })
    expect(refused.status).toBe(403)
  })
})

describe('in an app', () => {
  it('ML-16, ML-03: the token is refused and not spent; id and code of the same mail are taken, once', async () => {
    const service = createService()
    const { email } = await disowned(service)
    const attempt = await requestLink(service, clientId, email)
    const before = await dump(service)
    for (let nth = 0; nth < 6; nth++) {
      expect(await bodyOf(await redeem(service, attempt))).toMatchObject([400, REFUSED])
    }
    expect(await dump(service)).toBe(before)
    const taken = await redeem(service, attempt, 'code')
    const tokens = await taken.json<Tokens>()
    expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(200)
    for (const by of ['link', 'code'] as const) {
      const [status, body] = (await bodyOf(await redeem(service, attempt, by))) as [number, object]
      expect([status, 'code' in body]).toEqual([400, false])
    }
    expect((await redeem(service, await requestLink(service, clientId, email))).status).toBe(200)
  })

  it('ML-16: a new user of the same address has nothing to answer for', async () => {
    const service = createService()
    const { email, user_id } = await disowned(service)
    const remove = admin(service, { method: 'DELETE' })
    expect((await service.request(`/admin/v1/users/${user_id}`, remove)).status).toBe(204)
    expect((await signIn(service, clientId, email)).user_id).not.toBe(user_id)
  })
})

describe('two sign-ins, one by link and one by code', () => {
  it('SE-01, ML-16: whichever is decided first, no link comes between the disowning and the code', async () => {
    const service = createService()
    const { email, user_id } = await disowned(service)
    const two = async () => ({
      link: await requestLink(service, clientId, email),
      code: await requestLink(service, clientId, email),
    })
    const [first, second] = [await two(), await two()]
    expect(await bodyOf(await redeem(service, first.link))).toMatchObject([400, REFUSED])
    expect((await redeem(service, first.code, 'code')).status).toBe(200)
    expect((await redeem(service, first.link)).status).toBe(200)

    await disownAll(service, email)
    const answers = await Promise.all([
      redeem(service, second.link),
      redeem(service, second.code, 'code'),
      redeem(service, second.link),
    ])
    const [one, byCode, other] = answers.map(({ status }) => status)
    expect(byCode).toBe(200)
    expect([one, other]).not.toEqual([200, 200])
    const { events } = await checkHistory(service, user_id)
    const disownings = events.filter(event => event.reason === 'not_me')
    const next = eventsOfType(events, 'session.created').find(
      ({ seq }) => seq > (disownings.at(-1)?.seq ?? 0),
    )
    expect(next?.op_id).toBe(`sign-in:${second.code.signInId}`)
  })

  it('I2, ML-16: a link decided before the disowning is written is decided again after it', async () => {
    const service = createService()
    const email = freshAddress()
    const { user_id } = await signIn(service, clientId, email)
    const command = start({ address: email, bucket: null }, clientId, randomTaggedId('s', tagOf(user_id)))
    let disownings = 0
    const db = seenThrough(service.parts.shards.of(user_id), async (sql, run) => {
      const isWritten = sql.some(each => each.startsWith('INSERT INTO user_events'))
      if (isWritten && disownings++ === 0) await disownAll(service, email)
      return run()
    })
    const { outcome } = await applyChange(db, user_id, command, service.now, service.parts.secrets)
    expect([outcome, disownings]).toEqual([{ tag: 'code_required' }, 1])
    expect((await checkHistory(service, user_id)).live).toEqual([])
  })
})

async function wrongCodesOf(service: Service, signInId: string): Promise<unknown> {
  const row = service.parts.shards.of(signInId).prepare('SELECT wrong_codes FROM sign_ins WHERE id = ?')
  return row.bind(signInId).first('wrong_codes')
}
