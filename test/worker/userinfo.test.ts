// GET|POST /oauth2/userinfo (OpenID Connect Core §5.3).
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { claimsOf } from './support/leaked-key.ts'
import { bearer, createService, form, freshAddress } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const PATH = '/oauth2/userinfo'
const ask = (token: string, init: RequestInit = {}) => service.request(PATH, bearer(token, init))
const SCOPES = ['openid', 'email', 'read', 'sessions']
const subsets = Array.from({ length: 2 ** SCOPES.length }, (_, bits) =>
  SCOPES.filter((_scope, index) => (bits >> index) & 1),
)

describe('userinfo', () => {
  it('OI-05: answers by the scopes of the token: 403 without openid, the address with email only', async () => {
    const { client_id } = await createClient(service, {
      scopes: SCOPES,
      session_rule: { limit: null, at_limit: 'refuse' },
    })
    const email = freshAddress()
    const tokens = await signIn(service, client_id, email)
    const { sub } = claimsOf(tokens.access_token)
    let current = tokens
    for (const subset of subsets.filter(each => each.length > 0)) {
      const refreshed = await refresh(service, current, { scope: subset.join(' ') })
      current = (await refreshed.json()) as Tokens
      for (const init of [{}, { method: 'POST' }]) {
        const response = await ask(current.access_token, init)
        expect(response.headers.get('Cache-Control')).toBe('no-store')
        if (!subset.includes('openid')) {
          expect([subset, response.status]).toEqual([subset, 403])
          expect(response.headers.get('WWW-Authenticate')).toBe(
            'Bearer error="insufficient_scope", scope="openid"',
          )
          expect(await response.json()).toMatchObject({ code: 'insufficient_scope' })
          continue
        }
        const claims = subset.includes('email') ? { sub, email, email_verified: true } : { sub }
        expect([subset, await response.json()]).toEqual([subset, claims])
        // The same user as in the ID token, which carries no address.
        const id = claimsOf(current.id_token ?? '')
        expect([id.sub, id.email, JSON.stringify(id).includes(email)]).toEqual([sub, undefined, false])
      }
    }
  })

  it('OI-05: gives the address in the form in which it is compared', async () => {
    const { client_id } = await createClient(service, { scopes: ['openid', 'email'] })
    const local = `Ann.${crypto.randomUUID()}`
    const { access_token } = await signIn(service, client_id, `${local}@Example.test`)
    expect(await (await ask(access_token)).json()).toMatchObject({
      email: `${local.toLowerCase()}@example.test`,
    })
  })

  it('OI-05, JW-05: takes a token for the issuer only, and none that is dead', async () => {
    const { client_id } = await createClient(service, { audience: `https://${crypto.randomUUID()}.test` })
    const elsewhere = await signIn(service, client_id, freshAddress())
    expect(await (await ask(elsewhere.access_token)).json()).toMatchObject({ code: 'invalid_token' })
    const { client_id: plain } = await createClient(service)
    const { access_token } = await signIn(service, plain, freshAddress())
    expect((await ask(access_token)).status).toBe(200)
    await service.request('/oauth2/logout', bearer(access_token, { method: 'POST' }))
    const ended = await ask(access_token)
    expect([ended.status, ended.headers.get('WWW-Authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ])
    expect(await ended.json()).toMatchObject({ code: 'session_ended', reason: 'signed_out' })
  })

  it('OA-11: takes the token from the header only', async () => {
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress())
    const body = form({ access_token })
    const answers = [
      await service.request(`${PATH}?access_token=${access_token}`),
      await service.request(`${PATH}?access_token=${access_token}`, bearer(access_token)),
      await service.request(PATH, body),
      await service.request(PATH, bearer(access_token, body)),
    ]
    expect(answers.map(answer => answer.status)).toEqual([400, 400, 400, 400])
    const without = await service.request(PATH)
    expect([without.status, without.headers.get('WWW-Authenticate')]).toEqual([
      401,
      'Bearer realm="latchkey"',
    ])
    expect((await ask(access_token)).status).toBe(200)
  })
})
