// No secret is stored or logged in the clear: every journey, with everything that it hands out in a jar, and then the
// tables, the objects and the log are searched for it in every form.
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { listPublishedKeys } from '../../src/store/signing-keys.ts'
import { unsealKey } from '../../src/tokens/signing-key.ts'
import { ACCEPT_JSON, askForMail, browser } from './support/browser.ts'
import {
  addToken,
  captureLogs,
  everythingStored,
  formsOf,
  type Jar,
  leaksIn,
  passOverFormerObjects,
} from './support/canaries.ts'
import { admin, bearer, createService, form, freshAddress, json, type Service } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, type Tokens } from './support/sign-in.ts'

beforeAll(passOverFormerObjects)

afterEach(() => {
  vi.restoreAllMocks()
})

function addMail(jar: Jar, name: string, mail: { token: string; code: string }): void {
  addToken(jar, `${name}, link`, mail.token)
  jar.set(`${name}, code as shown`, mail.code)
  jar.set(`${name}, code`, mail.code.replace('-', ''))
}

function addTokens(jar: Jar, name: string, tokens: Tokens): void {
  addToken(jar, `${name}, access token`, tokens.access_token)
  if (tokens.id_token !== undefined) addToken(jar, `${name}, ID token`, tokens.id_token)
  addToken(jar, `${name}, refresh token`, tokens.refresh_token)
  jar.set(`${name}, refresh secret`, (tokens.refresh_token.split('.')[2] as string).slice(0, 43))
}

/** By link, by code, refreshed, reused, tampered with, refused, logged out. */
async function appJourneys(service: Service, jar: Jar, email: string): Promise<void> {
  const { client_id, client_secret } = await createClient(service, {
    type: 'confidential',
    token_endpoint_auth_method: 'client_secret_post',
  })
  jar.set('client secret', client_secret as string)
  const secret = { client_secret: client_secret as string }
  for (const by of ['link', 'code'] as const) {
    const attempt = await requestLink(service, client_id, email)
    jar.set(`app by ${by}, verifier`, attempt.codeVerifier)
    addMail(jar, `app by ${by}`, attempt)
    const first = await (await redeem(service, attempt, by, secret)).json<Tokens>()
    addTokens(jar, `app by ${by}`, first)
    expect((await redeem(service, attempt, by, secret)).status).toBe(400)
    const second = await (await refresh(service, first, secret)).json<Tokens>()
    addTokens(jar, `app by ${by}, refreshed`, second)
    expect(await (await refresh(service, first, secret)).json()).toEqual(second)
    await service.request('/v1/sessions', bearer(second.access_token))
    await service.request('/v1/sessions', bearer(`${second.access_token.slice(0, -4)}AAAA`))
    await service.request(`/ping/whoami?access_token=${second.access_token}`)
    service.now += 11
    expect((await refresh(service, first, secret)).status).toBe(400)
    await service.request('/oauth2/revoke', form({ client_id, ...secret, token: second.access_token }))
    await service.request('/oauth2/logout', bearer(second.access_token, { method: 'POST' }))
  }
  const left = await requestLink(service, client_id, email)
  addMail(jar, 'never used', left)
  await redeem(service, { ...left, code: 'BBBB-BBBB' }, 'code', secret)
}

async function browserJourneys(service: Service, jar: Jar, email: string): Promise<void> {
  for (const by of ['link', 'code'] as const) {
    const asking = browser(service)
    const mail = await askForMail(service, asking, email)
    addMail(jar, `browser by ${by}`, mail)
    addToken(jar, `browser by ${by}, binding`, asking.cookie('__Host-sign-in') as string)
    await browser(service).get(`/sign-in/link?token=${mail.token}`)
    await browser(service).post('/sign-in/link', { token: mail.token }, ACCEPT_JSON)
    await asking.post('/sign-in/code', { code: 'BBBB-BBBB' })
    const fields = by === 'link' ? { token: mail.token } : { code: mail.code }
    expect((await asking.post(`/sign-in/${by}`, fields)).status).toBe(303)
    await asking.post(`/sign-in/${by}`, fields)
    addToken(jar, `browser by ${by}, session`, asking.cookie('__Host-session') as string)
    await asking.get('/account')
    jar.set(`browser by ${by}, nonce`, asking.cookie('__Host-csrf') as string)
    jar.set(`browser by ${by}, anti-forgery token`, asking.csrfToken as string)
    await asking.post('/account/sessions/end-others', { client_id: 'account', csrf_token: 'A'.repeat(43) })
    if (by === 'link') await asking.post('/sign-out')
  }
}

async function addDeployment(jar: Jar, service: Service): Promise<void> {
  for (const name of ['ADMIN_TOKEN', 'SEALING_SECRET', 'DIGEST_SECRET'] as const) {
    jar.set(name, String(service.env[name]))
  }
  for (const key of await listPublishedKeys(service.parts.shards.global)) {
    jar.set(`signing key ${key.kid}`, (await unsealKey(service.parts.secrets, key)).d as string)
  }
}

describe('the search itself', () => {
  it('I9: finds a secret in every form, and nothing where there is none', () => {
    const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I'
    const jar: Jar = new Map([['it', secret]])
    const hidden = [
      `x${secret}y`,
      btoa(secret),
      btoa(`{"t":"${secret}"}`),
      btoa(`ab${secret}cd`),
      btoa(`a${secret}`),
      [...secret].map(each => each.charCodeAt(0).toString(16)).join(''),
      [...atob(secret)].map(each => each.charCodeAt(0).toString(16).padStart(2, '0')).join(''),
    ]
    for (const text of hidden) expect(leaksIn(text, jar)).toEqual(['it'])
    expect(leaksIn('another text', jar)).toEqual([])
    expect(formsOf('a+b/c')).toContain('a%2Bb%2Fc')
  })
})

describe('after every journey', () => {
  it('I9, SE-01, LG-02: neither tables, objects nor the log hold any secret, in any form', async () => {
    const logs = captureLogs()
    const jar: Jar = new Map()
    const service = createService()
    const emails = [freshAddress(), freshAddress()] as const
    await appJourneys(service, jar, emails[0])
    await browserJourneys(service, jar, emails[1])
    service.mailFails = true
    const waiting = await browser(service).post('/sign-in', { email: emails[1] })
    expect(waiting.status).toBe(303)
    await service.request('/admin/v1/clients', admin(service, json({ nonsense: 'canary-in-a-body' })))
    await service.request('/v1/sign-ins', json({ email: 'canary-in-a-body' }))
    await service.request('/v1/sign-ins', { method: 'POST', body: '{canary-in-a-body' })
    jar.set('what was sent', 'canary-in-a-body')
    await addDeployment(jar, service)
    expect(jar.size).toBeGreaterThan(70)

    const stored = await everythingStored(service)
    // The search would find something: what may be there is there.
    for (const kept of [emails[0], 'mails', 'window']) expect(stored).toContain(kept)
    expect(stored.length).toBeGreaterThan(10_000)
    expect(leaksIn(stored, jar)).toEqual([])
    expect(logs.lines().length).toBeGreaterThan(10)
    expect(leaksIn(logs.text(), jar)).toEqual([])
    for (const email of emails) expect(leaksIn(logs.text(), new Map([['address', email]]))).toEqual([])
    for (const line of logs.lines()) expect(() => JSON.parse(line)).not.toThrow()
  })
})
