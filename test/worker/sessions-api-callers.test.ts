// Who may call the sessions API: the right token, or the browser session with its anti-forgery token. Nobody else.
import { describe, expect, it } from 'vitest'
import { SAME_ORIGIN, signInBrowser } from './support/browser.ts'
import { bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, signIn, type Tokens } from './support/sign-in.ts'

const whoami = async (service: Service, by: Tokens) =>
  (await service.request('/ping/whoami', bearer(by.access_token))).status

describe('who may call', () => {
  const CALLS: [string, string][] = [
    ['GET', '/v1/sessions'],
    ['GET', '/v1/sessions/current'],
    ['DELETE', '/v1/sessions/current'],
    ['POST', '/v1/sessions/revoke-others'],
    ['POST', '/v1/sessions/revoke-all'],
    ['GET', '/v1/events'],
    ['GET', '/v1/preferences'],
    ['PUT', '/v1/preferences'],
  ]
  const CHANGES = CALLS.filter(([method]) => method !== 'GET')

  it('SE-11: a token without scope sessions gets 403 insufficient_scope, and ends nothing', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress(), { scope: 'openid read' })
    for (const [method, path] of CALLS) {
      const answer = await service.request(path, bearer(tokens.access_token, { method }))
      expect([path, answer.status, await answer.json()]).toMatchObject([
        path,
        403,
        { code: 'insufficient_scope' },
      ])
      expect(answer.headers.get('WWW-Authenticate')).toContain('error="insufficient_scope"')
    }
    expect(await whoami(service, tokens)).toBe(200)
  })

  it('SE-11: a token for another audience gets 401 here; of its own session it may speak', async () => {
    const service = createService()
    const { client_id } = await createClient(service, { audience: 'https://api.test' })
    const tokens = await signIn(service, client_id, freshAddress())
    for (const [method, path] of CALLS) {
      const answer = await service.request(path, bearer(tokens.access_token, { method }))
      expect([path, answer.status, await answer.json()]).toMatchObject([path, 401, { code: 'invalid_token' }])
    }
    expect(await whoami(service, tokens)).toBe(200)
    const logout = await service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' }))
    expect([logout.status, await whoami(service, tokens)]).toEqual([204, 401])
  })

  it('SE-11: a cookie changes nothing without X-CSRF-Token or from another site, and everything with it', async () => {
    const service = createService()
    const signedIn = await signInBrowser(service, freshAddress())
    await signedIn.get('/account')
    const token = { 'X-CSRF-Token': signedIn.csrfToken as string }
    const headers: Record<string, string>[] = [
      SAME_ORIGIN,
      { ...SAME_ORIGIN, 'X-CSRF-Token': 'A'.repeat(43) },
      { ...token, Origin: 'https://evil.test' },
      { ...token, 'Sec-Fetch-Site': 'cross-site' },
      { ...token, Origin: 'null' },
    ]
    for (const [method, path] of CHANGES) {
      for (const each of headers) {
        const answer = await signedIn.send(path, { method, headers: each })
        expect([path, answer.status, await answer.json()]).toMatchObject([path, 403, { code: 'csrf_failed' }])
      }
    }
    expect((await signedIn.get('/v1/sessions/current')).status).toBe(200)
    const ended = await signedIn.send('/v1/sessions/current', { method: 'DELETE', headers: token })
    expect([ended.status, (await signedIn.get('/v1/sessions')).status]).toEqual([204, 401])
  })

  it('SE-11: nobody, and two ways at once, get nothing', async () => {
    const service = createService()
    const signedIn = await signInBrowser(service, freshAddress())
    for (const [method, path] of CALLS) {
      const anonymous = await service.request(path, { method })
      expect([path, anonymous.status]).toEqual([path, 401])
      expect(anonymous.headers.get('WWW-Authenticate')).toContain('Bearer')
      // A bad token is not overlooked because there is a good cookie.
      const both = await signedIn.send(path, { method, headers: { Authorization: 'Bearer nonsense' } })
      expect([path, both.status]).toEqual([path, 401])
    }
  })
})
