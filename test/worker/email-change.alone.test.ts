// Changing the mail address: a recent sign-in, proof of the new mailbox, a notice to the old one, ending the others.
import { describe, expect, it } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import {
  ACCEPT_JSON,
  askForMail,
  type Browser,
  browser,
  SAME_ORIGIN,
  signInBrowser,
} from './support/browser.ts'
import { dump } from './support/dump.ts'
import {
  askForChange,
  changeEmail,
  checkAddresses,
  codeIn,
  freshAddressBeside,
  indexOf,
  typeCode,
} from './support/email-change.ts'
import { admin, bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, redeem, requestLink, signIn } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedUsers } from './support/stored.ts'

const userOf = (owner: Browser): string => owner.cookie('__Host-session')?.split('.')[0] ?? ''
const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { code: string }).code
const mailsTo = (service: Service, address: string) => service.mails.filter(mail => mail.to === address)
const wrong = (code: string, nth = 0): string =>
  `${code.slice(0, 8)}${'BCDFG'[nth] === code[8] ? 'H' : 'BCDFG'[nth]}`
const found = async (service: Service, email: string): Promise<string[]> => {
  const path = `/admin/v1/users?email=${encodeURIComponent(email)}`
  const { users } = await (await service.request(path, admin(service))).json<{ users: { id: string }[] }>()
  return users.map(user => user.id)
}
const isSignedIn = async (owner: Browser): Promise<boolean> => (await owner.get('/account')).status === 200

describe('changing the address', () => {
  it.each(['same', 'another'] as const)(
    'ML-17: the whole way, when the new address lies in %s shard',
    async where => {
      const service = createService()
      const { client_id } = await createClient(service)
      const email = freshAddress()
      const fresh = await freshAddressBeside(service, email, where)
      const owner = await signInBrowser(service, email)
      const elsewhere = await signInBrowser(service, email)
      const tokens = await signIn(service, client_id, email, { scope: 'openid sessions' })
      const userId = userOf(owner)
      service.mails.length = 0

      expect(await (await owner.get('/account')).text()).toContain('href="/account/email"')
      const code = await askForChange(service, owner, fresh.toUpperCase().replace('.TEST', '.test'))
      expect(codeIn(mailsTo(service, fresh)[0]?.text ?? '')).toBeUndefined()
      expect(service.mails).toHaveLength(1)
      expect(await found(service, fresh)).toEqual([])
      expect((await owner.get('/account/email/check')).status).toBe(200)
      const changed = await typeCode(owner, code.toLowerCase().replace('-', ' '))
      expect([changed.status, changed.headers.get('Location')]).toEqual([
        303,
        '/account?notice=email_changed',
      ])
      await checkAddresses(service)

      const [notice, ...others] = mailsTo(service, email)
      expect(others).toEqual([])
      for (const part of [notice?.text ?? '', notice?.html ?? '']) {
        expect(part).toContain(`${fresh[0]}…@example.test`)
        expect(part).not.toContain(fresh)
        expect(part).not.toMatch(/token=|s_[a-z2-7]{2}/)
        expect(codeIn(part)).toBeUndefined()
      }
      const { events, live } = await checkHistory(service, userId)
      expect(eventsOfType(events, 'email.changed')).toMatchObject([
        {
          session_id: null,
          reason: null,
          actor: expect.stringContaining(owner.cookie('__Host-session')?.split('.')[1] ?? '-'),
        },
      ])
      expect(live).toHaveLength(3)
      const log = await (await service.request('/v1/events', bearer(tokens.access_token))).json<{
        events: { type: string }[]
      }>()
      expect(log.events[0]).toMatchObject({ type: 'email.changed' })
      expect(JSON.stringify(log)).not.toContain('@')

      expect([await found(service, fresh), await found(service, email)]).toEqual([[userId], []])
      expect([await isSignedIn(owner), await isSignedIn(elsewhere)]).toEqual([true, true])
      const account = await (await owner.get('/account?notice=email_changed')).text()
      expect(account).toContain(fresh)
      expect(account).toMatch(/end-others"[\s\S]*name="client_id" value="\*"/)
      const ended = await owner.post('/account/sessions/end-others', { client_id: '*' })
      expect(ended.headers.get('Location')).toBe('/account?notice=others_ended')
      expect([await isSignedIn(owner), await isSignedIn(elsewhere)]).toEqual([true, false])
      expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(401)

      const back = await signIn(service, client_id, fresh)
      expect(back.user_id).toBe(userId)
      const again = await signInBrowser(service, fresh)
      expect(userOf(again)).toBe(userId)
      const stranger = await signIn(service, client_id, email)
      expect(stranger.user_id).not.toBe(userId)
      await checkAddresses(service)
      // And back, once the other has gone elsewhere.
      await changeEmail(service, await signInBrowser(service, email), freshAddress())
      await changeEmail(service, again, email)
      expect((await signIn(service, client_id, email)).user_id).toBe(userId)
      await checkAddresses(service)
      await checkHistory(service, userId)
    },
  )

  it('ML-17: an old session is refused at every step that asks, and told to sign in', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    await owner.get('/account/email')
    const signedInAt = service.now
    service.mails.length = 0
    service.now = signedInAt + 601
    const fresh = freshAddress()
    for (const answer of [
      await owner.get('/account/email'),
      await owner.post('/account/email', { email: fresh }),
    ]) {
      expect([answer.status, answer.headers.get('Location')]).toEqual([
        303,
        '/sign-in?continue=%2Faccount%2Femail&notice=recent_sign_in_required',
      ])
    }
    const refused = await owner.post('/account/email', { email: fresh }, ACCEPT_JSON)
    expect([refused.status, await codeOf(refused)]).toEqual([403, 'recent_sign_in_required'])
    expect(service.mails).toEqual([])
    const why = await owner.get('/sign-in?continue=%2Faccount%2Femail&notice=recent_sign_in_required')
    expect(await why.text()).toMatch(/role="status"[\s\S]*within the last 10 minutes/)
    const { token } = await askForMail(service, owner, email, { continue: '/account/email' })
    const back = await owner.post('/sign-in/link', { token })
    expect(back.headers.get('Location')).toBe('/account/email')
    service.now += 600
    await changeEmail(service, owner, fresh)
  })

  it('ML-17: five wrong codes end it, also when they arrive together; what cannot be a code is one', async () => {
    const service = createService()
    const owner = await signInBrowser(service, freshAddress())
    const fresh = freshAddress()
    const code = await askForChange(service, owner, fresh)
    const page = await typeCode(owner, wrong(code))
    expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('role="alert"')])
    expect(await codeOf(await typeCode(owner, 'x', ACCEPT_JSON))).toBe('wrong_code')
    const guesses = await Promise.all(
      [0, 1, 2, 3, 4].map(async nth => codeOf(await typeCode(owner, wrong(code, nth), ACCEPT_JSON))),
    )
    expect(guesses.sort()).toEqual([
      'email_change_ended',
      'email_change_ended',
      'email_change_ended',
      'wrong_code',
      'wrong_code',
    ])
    const late = await typeCode(owner, code, ACCEPT_JSON)
    expect([late.status, await codeOf(late)]).toEqual([400, 'email_change_ended'])
    expect((await owner.get('/account/email/check')).headers.get('Location')).toBe('/account/email')
    // A new request begins anew, and only its own code counts.
    const next = await askForChange(service, owner, fresh)
    expect(await codeOf(await typeCode(owner, code, ACCEPT_JSON))).toBe('wrong_code')
    expect((await typeCode(owner, next)).status).toBe(303)
    await checkAddresses(service)
  })

  it('ML-17: only the session that asked can type the code, for ten minutes; others count for nothing', async () => {
    const service = createService()
    const email = freshAddress()
    const [owner, other] = [await signInBrowser(service, email), await signInBrowser(service, email)]
    const fresh = freshAddress()
    const code = await askForChange(service, owner, fresh)
    await other.get('/account')
    expect((await other.get('/account/email/check')).headers.get('Location')).toBe('/account/email')
    for (let nth = 0; nth < 6; nth++) {
      expect(await codeOf(await typeCode(other, nth === 0 ? code : wrong(code), ACCEPT_JSON))).toBe(
        'email_change_ended',
      )
    }
    const stranger = browser(service)
    await stranger.get('/sign-in')
    expect((await typeCode(stranger, code)).headers.get('Location')).toBe(
      '/sign-in?continue=%2Faccount%2Femail',
    )
    expect((await typeCode(stranger, code, ACCEPT_JSON)).status).toBe(401)
    service.now += 600
    expect(await codeOf(await typeCode(owner, code, ACCEPT_JSON))).toBe('email_change_ended')
    expect(await dump(service)).toContain(fresh)
    await keepHouse(service.parts, service.now)
    expect(await dump(service)).not.toContain(fresh)
    expect(await storedUsers(service, email)).toHaveLength(1)
    await checkAddresses(service)
  })

  it('ML-17: an address that has an account is answered alike; its holder is told, nothing changes', async () => {
    const service = createService()
    const [email, taken] = [freshAddress(), freshAddress()]
    await signInBrowser(service, taken)
    const owner = await signInBrowser(service, email)
    const seen = async (address: string) => {
      await owner.get('/account/email')
      const asked = await owner.post('/account/email', { email: address })
      const check = await owner.get('/account/email/check')
      const typed = await typeCode(owner, 'BCDF-GHJK')
      const texts = await Promise.all([asked, check, typed].map(answer => answer.text()))
      const headers = [asked, check, typed].map(answer =>
        [...answer.headers].filter(([name]) => !/^(?:x-request-id|date|set-cookie)$/.test(name)),
      )
      return { texts, headers, statuses: [asked.status, check.status, typed.status] }
    }
    expect(await seen(taken)).toEqual(await seen(freshAddress()))
    const mail = service.newestMail(taken)
    expect(codeIn(mail.text)).toBeUndefined()
    expect(mail.text).toContain('nothing was changed')
    expect(mail.text + mail.html).not.toContain(email)
    await checkHistory(service, userOf(owner))
    expect(await found(service, email)).toEqual([userOf(owner)])
  })

  it('ML-17: no address, one’s own address and too many requests are refused; no mail leaves', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    await owner.get('/account/email')
    service.mails.length = 0
    for (const [text, expected] of [
      ['', 'invalid_email'],
      ['a@x.test,b@x.test', 'invalid_email'],
      ['a@x.test\r\nBcc: b@x.test', 'invalid_email'],
      [email.toUpperCase(), 'same_address'],
    ] as const) {
      expect(await codeOf(await owner.post('/account/email', { email: text }, ACCEPT_JSON))).toBe(expected)
      const page = await owner.post('/account/email', { email: text })
      expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('role="alert"')])
    }
    expect(service.mails).toEqual([])
    for (let nth = 0; nth < 10; nth++) await askForChange(service, owner, freshAddress())
    const refused = await owner.post('/account/email', { email: freshAddress() }, ACCEPT_JSON)
    expect([refused.status, await codeOf(refused)]).toEqual([429, 'rate_limited'])
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect(service.mails).toHaveLength(10)
    // A full mailbox: the same answer, no mail.
    const crowded = freshAddress()
    const { client_id } = await createClient(service)
    for (let nth = 0; nth < 10; nth++) await requestLink(service, client_id, crowded, { ip: owner.ip })
    const second = await signInBrowser(service, freshAddress(), browser(service, owner.ip))
    await second.get('/account/email')
    expect((await second.post('/account/email', { email: crowded })).status).toBe(303)
    expect(mailsTo(service, crowded)).toHaveLength(10)
  })

  it('SE-18: it cannot be done with a bearer token, whatever else is sent along', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const tokens = await signIn(service, client_id, email)
    const code = await askForChange(service, owner, freshAddress())
    const thief = browser(service)
    await thief.get('/sign-in')
    service.mails.length = 0
    const sent = { Authorization: `Bearer ${tokens.access_token}`, ...SAME_ORIGIN, ...ACCEPT_JSON }
    for (const [path, fields] of [
      ['/account/email', { email: freshAddress() }],
      ['/account/email/code', { code }],
    ] as const) {
      expect(await codeOf(await thief.post(path, fields, sent))).toBe('unauthorized')
      const bare = new URLSearchParams(fields).toString()
      const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
      expect(
        await codeOf(
          await service.request(path, { method: 'POST', headers: { ...sent, ...type }, body: bare }),
        ),
      ).toBe('csrf_failed')
      // Nor from another site in the user's own browser.
      expect((await owner.post(path, fields, { Origin: 'https://evil.test' })).status).toBe(403)
    }
    expect(service.mails).toEqual([])
    expect(await found(service, email)).toEqual([tokens.user_id])
  })
})

describe('sign-ins of an address that moves', () => {
  it('ML-17: a mail that was sent to the old address before signs nobody in to the account after', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    for (const where of ['same', 'another'] as const) {
      const email = freshAddress()
      const owner = await signInBrowser(service, email)
      const waiting = browser(service)
      const { code } = await askForMail(service, waiting, email)
      const app = await requestLink(service, client_id, email)
      await changeEmail(service, owner, await freshAddressBeside(service, email, where))
      const tokens = await (await redeem(service, app)).json<{ user_id: string }>()
      expect(tokens.user_id).not.toBe(userOf(owner))
      expect((await waiting.post('/sign-in/code', { code })).status).toBe(303)
      expect(userOf(waiting)).toBe(tokens.user_id)
    }
    await checkAddresses(service)
  })

  it('I3: a link that was used by a user of another shard is used, also when the address has moved on', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const second = await freshAddressBeside(service, email, 'another')
    const owner = await signInBrowser(service, email)
    await changeEmail(service, owner, second)
    const app = await requestLink(service, client_id, second)
    const attempts = await Promise.all([1, 2, 3].map(() => redeem(service, app)))
    expect(attempts.map(each => each.status).sort()).toEqual([200, 400, 400])
    const waiting = browser(service)
    const { token } = await askForMail(service, waiting, second)
    expect(await (await waiting.get('/sign-in/check', ACCEPT_JSON)).json()).toMatchObject({
      state: 'pending',
    })
    const binding = waiting.cookie('__Host-sign-in') ?? ''
    expect((await waiting.post('/sign-in/link', { token })).status).toBe(303)
    expect(userOf(waiting)).toBe(userOf(owner))
    const spent = async () => {
      const cookie = { Cookie: `__Host-sign-in=${binding}` }
      const state = await waiting.send('/sign-in/check', { headers: { ...ACCEPT_JSON, ...cookie } })
      expect(await state.json()).toMatchObject({ state: 'completed' })
      const page = await waiting.send(`/sign-in/link?token=${token}`, { headers: cookie })
      expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('has been used')])
      expect(await codeOf(await waiting.post('/sign-in/link', { token }, ACCEPT_JSON))).toBe('link_used')
      expect((await redeem(service, app)).status).toBe(400)
    }
    await spent()
    await changeEmail(service, owner, freshAddress())
    await spent()
    expect(await storedUsers(service, second)).toEqual([])
    await checkAddresses(service)
  })

  it('I3: a link that one user was refused is spent for the next one who has the address, and says nothing of the first', async () => {
    const service = createService()
    const refusing = { session_rule: { limit: 1, at_limit: 'refuse' } }
    const { client_id } = await createClient(service, refusing)
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const next = await signInBrowser(service, await freshAddressBeside(service, email, 'same'))
    await signIn(service, client_id, email)
    const app = await requestLink(service, client_id, email)
    const refused = async () => (await redeem(service, app)).json()
    expect(await refused()).toMatchObject({ error: 'access_denied', code: 'session_limit_reached' })
    await changeEmail(service, owner, freshAddress())
    await changeEmail(service, next, email)
    expect(await refused()).toMatchObject({ error: 'invalid_grant' })
    expect((await checkHistory(service, userOf(next))).live).toHaveLength(1)
  })

  it('I3: a link that was used by a user of another shard begins nothing for one of a third, who has the address then', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const address = await freshAddressBeside(service, email, 'another')
    const owner = await signInBrowser(service, email)
    let third = email
    while ((await indexOf(service, third)) === (await indexOf(service, email)))
      third = await freshAddressBeside(service, address, 'another')
    const next = await signInBrowser(service, third)
    await changeEmail(service, owner, address)
    const app = await requestLink(service, client_id, address)
    expect(await (await redeem(service, app)).json()).toMatchObject({ user_id: userOf(owner) })
    await changeEmail(service, owner, freshAddress())
    await changeEmail(service, next, address)
    const again = await redeem(service, app)
    expect([again.status, await again.json()]).toMatchObject([400, { error: 'invalid_grant' }])
    expect((await checkHistory(service, userOf(next))).live).toHaveLength(1)
  })
})

describe('deleting', () => {
  it('LG-05: after changes, and in the midst of one, no address stays in any table', async () => {
    const service = createService()
    const addresses = [freshAddress()]
    const owner = await signInBrowser(service, addresses[0] as string)
    for (const where of ['another', 'same', 'another'] as const) {
      addresses.push(await freshAddressBeside(service, addresses.at(-1) as string, where))
      if (addresses.length < 4) await changeEmail(service, owner, addresses.at(-1) as string)
      else await askForChange(service, owner, addresses.at(-1) as string)
    }
    const deleted = await service.request(
      `/admin/v1/users/${userOf(owner)}`,
      admin(service, { method: 'DELETE' }),
    )
    expect(deleted.status).toBe(204)
    await checkAddresses(service)
    service.now += 3_600
    await keepHouse(service.parts, service.now)
    const rows = await dump(service)
    for (const address of addresses) expect(rows).not.toContain(address)
  })
})
