// Every route of the router, opened with a live access token of every built-in scope: each wants its own, or none.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { confidentialClient } from './support/confidential.ts'
import { openApi } from './support/described.ts'
import { claimsOf } from './support/leaked-key.ts'
import { ROUTES, type Route } from './support/routes.ts'
import { bearer, createService, freshAddress, ISSUER } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

const service = createService()
beforeEach(() => {
  vi.spyOn(console, 'info').mockReturnValue()
})

const SCOPES = ['openid', 'email', 'sessions', 'read']

/**
 * What an access token does at a route: `any` of ours opens it, a scope opens it, or it opens nothing there. The first
 * line that fits counts; a route that fits none fails the test.
 */
const RULES: readonly (readonly [RegExp, demand: 'any' | 'nothing' | 'openid' | 'sessions'])[] = [
  [/^\/ping\/whoami$/, 'any'],
  [/^\/oauth2\/logout$/, 'any'],
  [/^\/oauth2\/userinfo$/, 'openid'],
  [/^\/v1\/(?:sign-ins|retirements)$/, 'nothing'],
  [/^\/v1\//, 'sessions'],
  [/^\/(?:oauth2|admin|\.well-known)\//, 'nothing'],
  // Pages, and what is public.
  [/^\/(?:assets|sign-in|sign-out|signed-out|account|admin|device|health|favicon|openapi)|^\/$/, 'nothing'],
]
const demandOf = ({ path }: Route) => RULES.find(([pattern]) => pattern.test(path))?.[1]

const open = ({ method, path }: Route, token: string) =>
  service.request(path, bearer(token, { method, headers: { Accept: 'application/json' } }))
const challengeOf = (response: Response) => response.headers.get('WWW-Authenticate') ?? ''

describe('the scope of a route', () => {
  it('OA-12: is known for each route of the router', () => {
    expect(ROUTES.filter(route => demandOf(route) === undefined)).toEqual([])
    expect(ROUTES.filter(route => demandOf(route) === 'sessions').length).toBeGreaterThan(6)
  })

  it('OA-12: is the one that /openapi.json says', async () => {
    const said = new Set<string>()
    for (const [path, methods] of Object.entries((await openApi()).paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const scopes = security.find(each => 'bearer' in each)?.bearer
        if (scopes !== undefined) said.add(`${method.toUpperCase()} ${path} ${scopes[0] ?? 'any'}`)
      }
    }
    const demanded = ROUTES.filter(route => demandOf(route) !== 'nothing')
    // Ids that nothing has stand in the places of parameters.
    const template = (path: string) => path.replace(/\/s_aa\w+$/, '/{id}')
    expect([...said].sort()).toEqual(
      demanded.map(each => `${each.method} ${template(each.path)} ${demandOf(each)}`).sort(),
    )
  })

  it.each(SCOPES)(
    'OA-12: is enforced: a token of scope %s opens what wants it, and is 403 elsewhere',
    async scope => {
      const { client_id } = await createClient(service, { scopes: SCOPES })
      const reading = await signIn(service, client_id, freshAddress(), { scope })
      const wrong: string[] = []
      for (const route of ROUTES) {
        const demand = demandOf(route)
        if (demand === 'nothing') continue
        // What changes something may end the session of its token.
        const { access_token } =
          route.method === 'GET' ? reading : await signIn(service, client_id, freshAddress(), { scope })
        const response = await open(route, access_token)
        const isOpened = response.status !== 401 && response.status !== 403
        const isRefused =
          response.status === 403 &&
          challengeOf(response) === `Bearer error="insufficient_scope", scope="${demand}"`
        if (demand === 'any' || demand === scope ? !isOpened : !isRefused)
          wrong.push(`${route.method} ${route.path}: ${response.status} ${challengeOf(response)}`)
      }
      expect(wrong).toEqual([])
    },
  )

  it('OA-12: with every scope together, a token opens nothing that is an operator’s or a browser’s', async () => {
    const { client_id } = await createClient(service, { scopes: SCOPES })
    const { access_token } = await signIn(service, client_id, freshAddress())
    for (const route of ROUTES.filter(({ path }) => /^\/(?:admin|account)/.test(path))) {
      const { status } = await open(route, access_token)
      expect([`${route.method} ${route.path}`, status >= 400 || status === 303]).toEqual([
        `${route.method} ${route.path}`,
        true,
      ])
    }
    expect((await service.request('/ping/whoami', bearer(access_token))).status).toBe(200)
  })

  it('OA-12, TK-10: a client in its own name opens nothing that is a user’s', async () => {
    const { post } = await confidentialClient(service, {
      grant_types: ['client_credentials'],
      scopes: SCOPES,
    })
    const answer = await post('/oauth2/token', { grant_type: 'client_credentials' })
    const { access_token } = (await answer.json()) as { access_token: string }
    for (const route of ROUTES.filter(each => ['sessions', 'openid'].includes(demandOf(each) ?? ''))) {
      const response = await open(route, access_token)
      expect([route, response.status, await response.json()]).toMatchObject([
        route,
        403,
        { code: 'insufficient_scope' },
      ])
    }
  })

  it('OA-12: a user is issuer and sub, the same in every token and answer, of whichever client', async () => {
    const email = freshAddress()
    const subjects = new Set<string>()
    for (let count = 0; count < 2; count++) {
      const { client_id } = await createClient(service, { scopes: SCOPES })
      const { access_token, user_id } = await signIn(service, client_id, email)
      const info = (await (await service.request('/oauth2/userinfo', bearer(access_token))).json()) as {
        sub: string
      }
      const who = (await (await service.request('/ping/whoami', bearer(access_token))).json()) as {
        user_id: string
      }
      const claims = claimsOf(access_token)
      expect(claims.iss).toBe(ISSUER)
      for (const subject of [user_id, info.sub, who.user_id, String(claims.sub)]) subjects.add(subject)
    }
    expect(subjects.size).toBe(1)
  })
})
