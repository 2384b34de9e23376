import { beforeAll, describe, expect, it } from 'vitest'
import { askByApp } from './support/ask.ts'
import { ACCEPT_JSON, askForMail, browser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { bearer, createService, freshAddress } from './support/service.ts'
import {
  contentsOf,
  createClient,
  redeem,
  requestLink,
  signIn,
  type Tokens,
  verifier,
} from './support/sign-in.ts'

const service = createService()
let clientId = ''
beforeAll(async () => {
  clientId = (await createClient(service)).client_id
})

const ask = (fields: Readonly<Record<string, unknown>>) =>
  askByApp(service, { client_id: clientId, ...fields })

const errorOf = async (response: Response) => {
  const { error, code } = (await response.json()) as { error?: string; code?: string }
  return [response.status, error, code]
}

const INVALID_GRANT = [400, 'invalid_grant', undefined]
const BOTH_WAYS = ['link', 'code'] as const

describe('who may ask', () => {
  it('answers 202 with an id and a lifetime, and nothing else', async () => {
    const response = await ask({})
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({
      sign_in_id: expect.stringMatching(/^i_[a-z2-7]{2}[\w-]{22}$/),
      expires_in: 600,
    })
  })

  it.each([
    ['the built-in client', async () => 'account'],
    ['an unknown client', async () => 'c_unknown'],
    ['a member of every object', async () => '__proto__'],
    ['a third party', async () => (await createClient(service, { kind: 'third_party' })).client_id],
    [
      'a first party without the grant',
      async () => (await createClient(service, { grant_types: ['authorization_code'] })).client_id,
    ],
  ])('%s is invalid_client, and no mail leaves', async (_who, id) => {
    const email = freshAddress()
    const response = await ask({ client_id: await id(), email })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_client' })
    expect(service.mails.filter(mail => mail.to === email)).toEqual([])
  })

  it('the built-in client is invalid_client at the token endpoint too', async () => {
    const attempt = await requestLink(service, clientId, freshAddress())
    const before = await dump(service)
    const refused = await redeem(service, { ...attempt, clientId: 'account' })
    expect(await errorOf(refused)).toEqual([401, 'invalid_client', undefined])
    expect(await dump(service)).toBe(before)
  })

  it('AZ-13: a scope beyond the registration is invalid_scope; without one, all that are registered', async () => {
    const { client_id } = await createClient(service, { scopes: ['read', 'write', 'sessions'] })
    for (const scope of ['admin', 'read admin', 'Read', 'read  write', '"', 'read\u0000']) {
      expect(await (await ask({ client_id, scope })).json()).toMatchObject({ code: 'invalid_scope' })
    }
    const all = await signIn(service, client_id, freshAddress())
    expect(all.scope).toBe('read write sessions')
    expect((await signIn(service, client_id, freshAddress(), { scope: 'read read' })).scope).toBe('read')
    // Chosen when the mail was asked for: the token endpoint cannot add to it.
    const attempt = await requestLink(service, client_id, freshAddress(), { scope: 'read' })
    const tokens = (await (await redeem(service, attempt, 'link', { scope: 'read write' })).json()) as Tokens
    expect(tokens.scope).toBe('read')
  })

  it.each([
    ['plain', { code_challenge_method: 'plain' }],
    ['s256', { code_challenge_method: 's256' }],
    ['no method', { code_challenge_method: undefined }],
    ['no challenge', { code_challenge: undefined }],
    ['42 characters', { code_challenge: 'A'.repeat(42) }],
    ['44 characters', { code_challenge: 'A'.repeat(44) }],
    ['padding', { code_challenge: `${'A'.repeat(42)}=` }],
    ['base64', { code_challenge: `${'A'.repeat(42)}+` }],
  ])('AZ-03: a challenge with %s is refused', async (_what, changes) => {
    const response = await ask(changes)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_request' })
  })
})

describe('where the link leads', () => {
  it.each([
    ['https://app.test/open', 'https://app.test/open?token='],
    ['https://app.test/open?from=mail', 'https://app.test/open?from=mail&token='],
    ['com.example.app:/open', 'com.example.app:/open?token='],
  ])('to the registered link_uri %s, with the token', async (link_uri, start) => {
    const { client_id } = await createClient(service, { link_uri })
    const email = freshAddress()
    const attempt = await requestLink(service, client_id, email)
    const line = service
      .newestMail(email)
      .text.split('\n')
      .find(each => each.includes('token='))
    expect(line).toBe(`${start}${attempt.token}`)
    expect((await redeem(service, attempt)).status).toBe(200)
  })

  it('ML-05: without one, to a page that sends the reader back to the app and spends nothing', async () => {
    const { client_id } = await createClient(service, { name: '<b>Bank & Co</b>' })
    const email = freshAddress()
    const attempt = await requestLink(service, client_id, email)
    expect(service.newestMail(email).text).toContain(`https://auth.test/sign-in/link?token=${attempt.token}`)
    const reader = browser(service)
    const before = await dump(service)
    const page = await reader.get(`/sign-in/link?token=${attempt.token}`)
    expect(page.status).toBe(200)
    const html = await page.text()
    expect(html).toContain('&lt;b&gt;Bank &amp; Co&lt;/b&gt;')
    expect(html).not.toMatch(/<form|<b>Bank/)
    const posted = await reader.post('/sign-in/link', { token: attempt.token }, ACCEPT_JSON)
    expect([posted.status, await posted.json()]).toMatchObject([403, { code: 'wrong_browser' }])
    expect(await dump(service)).toBe(before)
    expect((await redeem(service, attempt)).status).toBe(200)
  })

  it("ML-05: a browser's link or code is worth nothing at the token endpoint", async () => {
    const owner = browser(service)
    const { token, code } = await askForMail(service, owner, freshAddress())
    const binding = owner.cookie('__Host-sign-in') ?? ''
    const [signInId = '', secret = ''] = binding.split('.')
    const before = await dump(service)
    for (const codeVerifier of [verifier(), secret, binding]) {
      const attempt = { signInId, codeVerifier, clientId: clientId, code, token }
      for (const by of BOTH_WAYS) {
        expect(await errorOf(await redeem(service, attempt, by))).toEqual(INVALID_GRANT)
      }
    }
    expect(await dump(service)).toBe(before)
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
  })
})

describe('what the app says about itself', () => {
  it.each([
    ['markup', '<img src=x onerror=alert(1)>'],
    ['CR LF and a header', 'x\r\nBcc: eve@evil.test'],
    ['NUL and ESC', 'a\u0000b\u001B[31mc'],
    ['a bidi override', 'a\u202Eb'],
    ['SQL', `'); DROP TABLE sessions; --`],
    ['a JSON fragment', '","admin":true,"x":"'],
    ['two hundred emoji', '😀'.repeat(200)],
  ])('WB-10: a device name with %s comes back as text, and breaks nothing', async (_what, name) => {
    const email = freshAddress()
    const tokens = await signIn(service, clientId, email, { device_name: name })
    const list = await service.request('/v1/sessions/current', bearer(tokens.access_token))
    const { device } = (await list.json()) as { device: { name: string } }
    expect(device.name).toBe([...name].slice(0, 100).join(''))
    const mail = service.newestMail(email)
    expect(mail.to).toBe(email)
    for (const hostile of ['evil.test\r', 'evil.test\n', '\u001B', '\u0000', '\u202E']) {
      expect(mail.text).not.toContain(hostile)
    }
    expect(mail.html).not.toContain('<img')
    expect(contentsOf(mail.text).code).toMatch(/^\w{4}-\w{4}$/)
  })
})
