// What an authorization must not outlive: its decision, its client, and what the client asked for.
import { describe, expect, it } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import { changeClient } from '../../src/store/clients.ts'
import {
  answerOf,
  authorizationRequest,
  connect,
  createApp,
  decide,
  exchange,
  follow,
  getCode,
  signInThere,
} from './support/authorize.ts'
import { signInBrowser } from './support/browser.ts'
import { admin, bearer, createService, freshAddress, ISSUER } from './support/service.ts'
import type { Tokens } from './support/sign-in.ts'

const service = createService()
const THIRD_PARTY = { kind: 'third_party', name: 'Ledger & Co' }

describe('a decision', () => {
  it('AZ-09: sent again after the cleaner has been there yields nothing, and ends nothing', async () => {
    const app = await createApp(service, THIRD_PARTY)
    const visitor = await signInBrowser(service, freshAddress())
    const { path, codeVerifier } = await authorizationRequest(app)
    const page = await visitor.get(path)
    const { code = '' } = answerOf(await decide(visitor, page, 'allow'))
    const tokens = (await (await exchange(app, { code, codeVerifier })).json()) as Tokens
    service.now += 8 * 60
    await keepHouse(service.parts, service.now)
    expect((await decide(visitor, page, 'allow')).status).toBe(400)
    expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(200)
  })
})

describe('a request', () => {
  it('OI-03: is not answered by an older sign-in of another browser that its link is carried to', async () => {
    const app = await createApp(service)
    const other = await signInBrowser(service, freshAddress())
    const visitor = await signInBrowser(service, freshAddress())
    service.now += 1
    const sent = await visitor.get((await authorizationRequest(app, { prompt: 'login' })).path)
    const carried = new URL(sent.headers.get('Location') ?? '', ISSUER).searchParams.get('continue') ?? ''
    expect((await other.get(carried)).headers.get('Location')).toMatch(/^\/sign-in\?/)
  })

  it.each([{ redirect_uris: ['https://app.test/moved'] }, { scopes: ['openid'] }])(
    'AZ-09: is over when its client has come to %j while the user was asked',
    async change => {
      const app = await createApp(service, THIRD_PARTY)
      const visitor = await signInBrowser(service, freshAddress())
      const page = await visitor.get((await authorizationRequest(app)).path)
      const db = service.parts.shards.global
      const changed = await changeClient(db, app.clientId, async client => ({
        client: { ...client, ...change },
      }))
      if (changed === null) throw new Error('not registered')
      service.parts.forgetClient(app.clientId)
      const answer = await decide(visitor, page, 'allow')
      expect([answer.status, answer.headers.get('Location')]).toEqual([400, null])
    },
  )
})

describe('a consent', () => {
  it('AZ-11, TK-12: that was withdrawn and given again for less leaves a code for more worth nothing', async () => {
    const app = await createApp(service, THIRD_PARTY)
    const visitor = await signInBrowser(service, freshAddress())
    const more = await getCode(app, visitor, { scope: 'openid read' })
    await visitor.post('/account/apps/withdraw', { client_id: app.clientId })
    const less = await getCode(app, visitor, { scope: 'openid' })
    const refused = await exchange(app, more)
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'invalid_grant' }])
    expect((await exchange(app, less)).status).toBe(200)
  })

  it('AZ-10: is given to a client, not to whoever has its id later', async () => {
    const registration = { ...THIRD_PARTY, client_id: 'ledger-again' }
    const visitor = await signInBrowser(service, freshAddress())
    const former = await createApp(service, registration)
    await connect(former, visitor, { scope: 'openid read' })
    const deleted = await service.request(
      '/admin/v1/clients/ledger-again',
      admin(service, { method: 'DELETE' }),
    )
    expect(deleted.status).toBe(204)
    // Until then its id is taken.
    service.now += 61
    await keepHouse(service.parts, service.now)
    const later = await createApp(service, registration)
    const { path } = await authorizationRequest(later, { scope: 'openid' })
    const page = await visitor.get(path)
    expect(page.status).toBe(200)
    await decide(visitor, page, 'allow')
    expect((await visitor.get(path)).status).toBe(303)
    const more = await visitor.get((await authorizationRequest(later, { scope: 'read' })).path)
    expect(more.status).toBe(200)
  })
})

describe('another account', () => {
  it('is asked for its consent, too, where the client wants that', async () => {
    const app = await createApp(service, THIRD_PARTY)
    const email = freshAddress()
    const visitor = await signInBrowser(service, email)
    await connect(app, visitor)
    const { path } = await authorizationRequest(app, { prompt: 'consent' })
    const html = await (await visitor.get(path)).text()
    const other = /href="(\/sign-in\?continue=[^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const page = await signInThere(service, visitor, await visitor.get(other), email)
    expect(page.status).toBe(200)
    expect(answerOf(await decide(visitor, page, 'allow')).code).toBeDefined()
  })
})

describe('an ID token as a hint', () => {
  it('OI-02: leads to an answer about its user, or to none', async () => {
    const app = await createApp(service)
    const [email, another] = [freshAddress(), freshAddress()]
    const own = await signInBrowser(service, email)
    const { id_token = '' } = await connect(app, own, { scope: 'openid' })
    const hint = { id_token_hint: id_token }
    const silent = await authorizationRequest(app, { ...hint, prompt: 'none' })
    expect(answerOf(await own.get(silent.path)).code).toBeDefined()
    const others = await signInBrowser(service, another)
    expect(answerOf(await others.get(silent.path)).error).toBe('login_required')
    // Interactively the browser may become that user's; whoever else signs in is not the one.
    const { path } = await authorizationRequest(app, hint)
    service.now += 1
    const page = await follow(others, await others.get(path))
    expect(answerOf(await signInThere(service, others, page, another)).error).toBe('login_required')
    const again = await follow(others, await others.get(path))
    service.now += 1
    expect(answerOf(await signInThere(service, others, again, email)).code).toBeDefined()
  })

  it('OI-02: names nobody when it was issued to another client, or not by us', async () => {
    const [app, other] = [await createApp(service), await createApp(service)]
    const { id_token = '' } = await connect(other, await signInBrowser(service, freshAddress()), {
      scope: 'openid',
    })
    const visitor = await signInBrowser(service, freshAddress())
    for (const hint of [id_token, `${id_token.slice(0, -8)}AAAAAAAA`, 'x']) {
      const { path } = await authorizationRequest(app, { id_token_hint: hint, prompt: 'none' })
      expect(answerOf(await visitor.get(path)).code).toBeDefined()
    }
  })
})
