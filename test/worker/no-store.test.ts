// Generated from the router: what may be kept is the few answers that are the same for everybody, and nothing else.
import { beforeAll, describe, expect, it } from 'vitest'
import { isPagePath } from '../../src/http/negotiate.ts'
import { ACCEPT_JSON, type Browser, SAME_ORIGIN, signInBrowser } from './support/browser.ts'
import { expectOurHeaders, PATHS, ROUTES } from './support/routes.ts'
import { admin, bearer, createService, freshAddress } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

const service = createService()
const PUBLIC = [
  '/.well-known/jwks.json',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/openapi.json',
]
let person: Browser
let accessToken: string

beforeAll(async () => {
  const email = freshAddress()
  person = await signInBrowser(service, email)
  const { client_id } = await createClient(service, { scopes: ['openid', 'email', 'sessions'] })
  accessToken = (await signIn(service, client_id, email, { scope: 'openid email sessions' })).access_token
})

/** What no browser shows as a page: nothing at all, or the exact type of what is no page. */
const NO_PAGE = /^(?:null|application\/(?:problem\+|jwk-set\+)?json|text\/event-stream)$/

const PAGE = { Accept: 'text/html' }

/** What ends a session comes last. */
const ASKED_FOR = [
  ...ROUTES.filter(({ method }) => method === 'GET'),
  ...PATHS.map(path => ({ method: 'HEAD', path })),
  ...ROUTES.filter(({ method }) => method !== 'GET'),
]

/** Each as somebody would ask who may, and as somebody who may not. */
const ASKED: readonly (readonly [
  who: string,
  /** What is personal and shown to them. */
  shown: readonly string[],
  ask: (path: string, init: RequestInit) => Promise<Response>,
])[] = [
  ['nobody, for a page', ['/sign-in'], (path, init) => service.request(path, { ...init, headers: PAGE })],
  [
    'nobody, for JSON',
    ['/sign-in'],
    (path, init) => service.request(path, { ...init, headers: ACCEPT_JSON }),
  ],
  [
    'a browser',
    ['/account', '/account/log', '/account/email', '/device'],
    (path, init) => person.send(path, { ...init, headers: { ...PAGE, ...SAME_ORIGIN } }),
  ],
  [
    'an app',
    ['/v1/sessions', '/v1/events', '/v1/preferences', '/oauth2/userinfo', '/ping/whoami'],
    (path, init) => service.request(path, bearer(accessToken, init)),
  ],
  [
    'an operator',
    ['/admin/v1/clients', '/admin/v1/alarms', '/admin/v1/registration-tokens'],
    (path, init) => service.request(path, admin(service, init)),
  ],
]

describe('WB-08, WB-09, WB-11', () => {
  it.each(ASKED)(
    'every answer to %s says no-store, unless it is the same for everybody; is framed by nobody; is a page only where people go',
    async (_who, shown, ask) => {
      const fine: string[] = []
      for (const { method, path } of ASKED_FOR) {
        const response = await ask(path, { method })
        const isPublic = response.ok && PUBLIC.includes(path)
        const about = `${method} ${path} ${response.status}`
        expect(String(response.headers.get('Cache-Control')), about).toMatch(
          isPublic ? /^public, / : /^no-store$/,
        )
        if (isPublic) expect(response.headers.getSetCookie(), about).toEqual([])
        expectOurHeaders(response)
        if (!isPagePath(path)) expect(String(response.headers.get('Content-Type')), about).toMatch(NO_PAGE)
        await response.body?.cancel()
        if (response.status === 200) fine.push(about)
      }
      expect(fine).toEqual(expect.arrayContaining(shown.map(path => `GET ${path} 200`)))
    },
  )

  it('the answers that everybody gets are found, and alike', async () => {
    for (const path of [...PUBLIC, '/assets/latchkey.css']) {
      const answers = await Promise.all([service.request(path), person.get(path)])
      const [one, other] = await Promise.all(answers.map(answer => answer.text()))
      expect(answers.map(answer => answer.headers.get('Cache-Control'))).toEqual([
        expect.stringMatching(/^public, max-age=\d+$/),
        expect.stringMatching(/^public, max-age=\d+$/),
      ])
      expect(one).toBe(other)
    }
  })
})
