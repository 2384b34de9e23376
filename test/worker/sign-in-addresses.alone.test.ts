import { beforeAll, describe, expect, it } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import { ACCEPTED, REFUSED } from '../email-addresses.ts'
import { listAlarms } from './support/alarms.ts'
import { askByApp } from './support/ask.ts'
import { ACCEPT_JSON, browser, signInBrowser } from './support/browser.ts'
import { admin, createService, freshAddress, type Service } from './support/service.ts'
import { contentsOf, createClient, signIn } from './support/sign-in.ts'

let clientId = ''
beforeAll(async () => {
  clientId = (await createClient(createService())).client_id
})

describe('an address', () => {
  const service = createService()

  it.each(REFUSED)(
    'ML-11: with %s is refused to browser and app, and no mail leaves',
    async (_why, typed) => {
      const before = service.mails.length
      const who = browser(service)
      const byJson = await who.post('/sign-in', { email: typed }, ACCEPT_JSON)
      expect([byJson.status, await byJson.json()]).toMatchObject([400, { code: 'invalid_email' }])
      const page = await who.post('/sign-in', { email: typed })
      expect(page.status).toBe(400)
      expect(await page.text()).toContain('name="email"')
      expect(who.cookie('__Host-sign-in')).toBeUndefined()
      const byApp = await askByApp(service, { client_id: clientId, email: typed })
      expect([byApp.status, await byApp.json()]).toMatchObject([400, { code: 'invalid_email' }])
      expect(service.mails.length).toBe(before)
    },
  )

  it.each(ACCEPTED)(
    'ML-11: %j has one mail sent to it, to one recipient',
    async (typed, _canonical, deliverTo) => {
      const before = service.mails.length
      expect((await browser(service).post('/sign-in', { email: typed })).status).toBe(303)
      expect((await askByApp(service, { client_id: clientId, email: typed })).status).toBe(202)
      const sent = service.mails.slice(before)
      expect(sent.map(mail => mail.to)).toEqual([deliverTo, deliverTo])
      for (const { to, subject, text } of sent) {
        expect(to.split('@')).toHaveLength(2)
        expect([...to, ...subject].filter(character => character < ' ' || character === ',')).toEqual([])
        expect(contentsOf(text).code).not.toBe('')
      }
    },
  )

  it('ML-11: is one field, given once: a list or an object of addresses is refused', async () => {
    const email = freshAddress()
    for (const list of [[email], [email, freshAddress()], { email }, `${email},${freshAddress()}`]) {
      expect((await askByApp(service, { client_id: clientId, email: list })).status).toBe(400)
    }
    const who = browser(service)
    await who.get('/sign-in')
    const fields = new URLSearchParams({ csrf_token: who.csrfToken ?? '', email })
    fields.append('email', freshAddress())
    const headers = { ...ACCEPT_JSON, 'Content-Type': 'application/x-www-form-urlencoded' }
    const twice = await who.send('/sign-in', { method: 'POST', headers, body: fields.toString() })
    expect([twice.status, await twice.json()]).toMatchObject([400, { code: 'invalid_request' }])
    expect(service.mails.filter(mail => mail.to === email)).toEqual([])
  })

  it('ML-12: variants of one address are one account, look-alikes and tags are others', async () => {
    const name = `ann${crypto.randomUUID().slice(0, 8)}`
    // Addresses that reach the network as typed come back from the mailbox as they were delivered.
    const userOf = async (typed: string, deliverTo = typed) => {
      const who = { ...service, newestMail: () => service.newestMail(deliverTo) } as Service
      return (await signIn(who, clientId, typed)).user_id
    }
    const ann = await userOf(`${name}@bücher.test`, `${name}@xn--bcher-kva.test`)
    expect(await userOf(`${name.toUpperCase()}@xn--bcher-kva.test`)).toBe(ann)
    expect(await userOf(`${name}@BÜCHER.Test`, `${name}@xn--bcher-kva.test`)).toBe(ann)
    const others = [
      await userOf(`${name}+tag@xn--bcher-kva.test`),
      await userOf(`${name[0]}.${name.slice(1)}@xn--bcher-kva.test`),
      await userOf(`${name}@bucher.test`),
      // Cyrillic letters in the domain.
      await userOf(`${name}@buсher.test`, `${name}@${new URL('https://buсher.test').hostname}`),
    ]
    expect(new Set([ann, ...others]).size).toBe(5)
  })
})

describe('a mail server that fails', () => {
  it('ML-15: changes no answer; the mail arrives once it is back, and operators are told', async () => {
    const service = createService()
    const keepHouseAfter = (seconds: number) => {
      service.now += seconds
      return keepHouse(service.parts, service.now)
    }
    service.mailFails = true
    const [byBrowser, byApp] = [freshAddress(), freshAddress()]
    const who = browser(service)
    const sent = await who.post('/sign-in', { email: byBrowser })
    expect([sent.status, sent.headers.get('Location')]).toEqual([303, '/sign-in/check'])
    const asked = await askByApp(service, { client_id: clientId, email: byApp })
    expect([asked.status, await asked.json()]).toMatchObject([202, { expires_in: 600 }])
    expect(service.mails).toEqual([])
    expect(await (await who.get('/sign-in/check', ACCEPT_JSON)).json()).toMatchObject({ state: 'pending' })

    const [alarm] = await listAlarms(service, 'mail.failing')
    expect(alarm?.count).toBeGreaterThanOrEqual(2)
    expect(JSON.stringify(alarm)).not.toContain(byBrowser)
    await keepHouseAfter(30)
    expect((await listAlarms(service, 'mail.failing'))[0]?.count).toBeGreaterThan(alarm?.count ?? 0)
    expect(service.mails).toEqual([])

    service.mailFails = false
    await keepHouseAfter(60)
    expect(service.mails.map(mail => mail.to).sort()).toEqual([byBrowser, byApp].sort())
    const { token } = contentsOf(service.newestMail(byBrowser).text)
    expect((await who.post('/sign-in/link', { token })).status).toBe(303)
    await keepHouseAfter(60)
    expect(service.mails).toHaveLength(2)
  })
})

describe('a user who was disabled', () => {
  it('SE-13 ML-07: gets the mail, and learns only with it that the account is disabled', async () => {
    const service = createService()
    const email = freshAddress()
    const who = await signInBrowser(service, email)
    const found = await service.request(`/admin/v1/users?email=${email}`, admin(service))
    const { users } = (await found.json()) as { users: { id: string }[] }
    const path = `/admin/v1/users/${users[0]?.id}`
    expect((await service.request(`${path}/disable`, admin(service, { method: 'POST' }))).status).toBe(204)
    expect((await who.get('/account')).status).toBe(303)
    const again = browser(service)
    await again.post('/sign-in', { email })
    const { token, code } = contentsOf(service.newestMail(email).text)
    const refused = await again.post('/sign-in/link', { token }, ACCEPT_JSON)
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'user_disabled' }])
    expect(again.cookie('__Host-session')).toBeUndefined()
    // Spent by the refusal: enabling the account does not bring the old mail back to life.
    await service.request(`${path}/enable`, admin(service, { method: 'POST' }))
    for (const [way, fields] of [
      ['code', { code }],
      ['link', { token }],
    ] as const) {
      expect((await again.post(`/sign-in/${way}`, fields, ACCEPT_JSON)).status).toBeGreaterThanOrEqual(400)
    }
    expect(again.cookie('__Host-session')).toBeUndefined()
    await signInBrowser(service, email, again)
  })
})
