// Every credential at every door: each opens its own, and no other, and is not spent by being tried elsewhere.
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { mintLogoutToken } from '../../src/tokens/logout-token.ts'
import { alarmCount } from './support/alarms.ts'
import { ACCEPT_JSON, askForMail, type Browser, browser, signInBrowser } from './support/browser.ts'
import { bearer, createService, form, freshAddress, ISSUER } from './support/service.ts'
import {
  type Attempt,
  createClient,
  redeem,
  refresh,
  requestLink,
  signIn,
  type Tokens,
} from './support/sign-in.ts'

const service = createService()
const kinds = [
  ...[
    'access token',
    'ID token',
    'logout token',
    'refresh token',
    'link for an app',
    'link for a browser',
    'typed code',
  ],
  ...['code verifier', 'session cookie', 'binding cookie', 'csrf token', 'client secret', 'admin token'],
  'notice link',
] as const
type Kind = (typeof kinds)[number]

const wallet = {} as Record<Kind, string>
let clientId: string
let confidentialId: string
let tokens: Tokens
let attempt: Attempt
let asking: Browser
let page: Browser
/** In which the user of the tokens is signed in. */
let same: Browser

beforeAll(async () => {
  vi.spyOn(console, 'info').mockReturnValue()
  clientId = (await createClient(service)).client_id
  const confidential = await createClient(service, {
    type: 'confidential',
    token_endpoint_auth_method: 'client_secret_post',
  })
  confidentialId = confidential.client_id
  const email = freshAddress()
  tokens = await signIn(service, clientId, email)
  same = await signInBrowser(service, email)
  attempt = await requestLink(service, clientId, freshAddress())
  asking = browser(service)
  const mail = await askForMail(service, asking, freshAddress())
  page = browser(service)
  await page.get('/sign-in')
  Object.assign(wallet, {
    'access token': tokens.access_token,
    'ID token': tokens.id_token,
    'logout token': await mintLogoutToken(
      service.parts.keys,
      ISSUER,
      { userId: tokens.user_id, sessionId: String(decodeJwt(tokens.access_token).sid), clientId },
      service.now,
    ),
    'refresh token': tokens.refresh_token,
    'link for an app': attempt.token,
    'link for a browser': mail.token,
    'typed code': attempt.code,
    'code verifier': attempt.codeVerifier,
    'session cookie': (await signInBrowser(service, freshAddress())).cookie('__Host-session'),
    'binding cookie': asking.cookie('__Host-sign-in'),
    'csrf token': page.csrfToken,
    'client secret': confidential.client_secret,
    'admin token': service.env.ADMIN_TOKEN,
    'notice link': await noticeLink(),
  } satisfies Record<Kind, unknown>)
})

/** From the mail that tells of a second sign-in, in another browser and network. */
async function noticeLink(): Promise<string> {
  const email = freshAddress()
  await signInBrowser(service, email)
  await signInBrowser(service, email)
  return /not-me\?token=(\S+)/.exec(service.newestMail(email).text)?.[1] as string
}

interface Door {
  readonly opens: readonly Kind[]
  readonly refuses: readonly number[]
  readonly knock: (credential: string) => Promise<Response>
}

const cookie = (name: string, value: string): Record<string, string> => ({ Cookie: `${name}=${value}` })

const DOORS: Readonly<Record<string, Door>> = {
  'GET /ping/whoami': {
    opens: ['access token'],
    refuses: [401],
    knock: credential => service.request('/ping/whoami', bearer(credential)),
  },
  'GET /v1/sessions': {
    opens: ['access token'],
    refuses: [401],
    knock: credential => service.request('/v1/sessions', bearer(credential)),
  },
  'POST /oauth2/logout': {
    opens: ['access token'],
    refuses: [401],
    knock: credential => service.request('/oauth2/logout', bearer(credential, { method: 'POST' })),
  },
  'GET /admin/v1/clients': {
    opens: ['admin token'],
    refuses: [401],
    knock: credential => service.request('/admin/v1/clients', bearer(credential)),
  },
  'GET /v1/sessions with a cookie': {
    opens: ['session cookie'],
    refuses: [401],
    knock: credential => service.request('/v1/sessions', { headers: cookie('__Host-session', credential) }),
  },
  'the refresh grant': {
    opens: ['refresh token'],
    refuses: [400],
    knock: credential => refresh(service, { client_id: clientId, refresh_token: credential }),
  },
  'the link grant': {
    opens: ['link for an app'],
    refuses: [400],
    knock: credential => redeem(service, { ...attempt, token: credential }),
  },
  'the code of the link grant': {
    opens: [],
    refuses: [400],
    knock: async credential => {
      const own = await requestLink(service, clientId, freshAddress())
      return redeem(service, { ...own, code: credential }, 'code')
    },
  },
  'the verifier of the link grant': {
    opens: ['code verifier'],
    refuses: [400],
    knock: credential => redeem(service, { ...attempt, codeVerifier: credential }),
  },
  'client authentication': {
    opens: ['client secret'],
    refuses: [401],
    knock: client_secret =>
      service.request(
        '/oauth2/revoke',
        form({ client_id: confidentialId, client_secret, token: 'anything' }),
      ),
  },
  'GET /sign-in/link': {
    opens: ['link for an app', 'link for a browser'],
    refuses: [400],
    knock: credential => asking.get(`/sign-in/link?token=${encodeURIComponent(credential)}`),
  },
  'POST /sign-in/link': {
    opens: ['link for a browser'],
    refuses: [400, 403],
    knock: token => asking.post('/sign-in/link', { token }, ACCEPT_JSON),
  },
  'POST /sign-in/code': {
    opens: [],
    refuses: [400],
    knock: async code => {
      const other = browser(service)
      await askForMail(service, other, freshAddress())
      return other.post('/sign-in/code', { code }, ACCEPT_JSON)
    },
  },
  'GET /account/not-me': {
    opens: ['notice link'],
    refuses: [400],
    knock: credential => page.get(`/account/not-me?token=${encodeURIComponent(credential)}`, ACCEPT_JSON),
  },
  'POST /account/not-me': {
    opens: ['notice link'],
    refuses: [400],
    knock: token => page.post('/account/not-me', { token }, ACCEPT_JSON),
  },
  'the binding cookie': {
    opens: ['binding cookie'],
    refuses: [403],
    knock: async credential => {
      const [name, value] = ['__Host-csrf', asking.cookie('__Host-csrf')]
      const headers = { Cookie: `${name}=${value}; __Host-sign-in=${credential}`, ...ACCEPT_JSON }
      return asking.post('/sign-in/link', { token: wallet['link for a browser'] }, headers)
    },
  },
  'the token of a form': {
    opens: ['csrf token'],
    refuses: [403],
    knock: csrf_token => page.post('/sign-in', { email: freshAddress(), csrf_token }, ACCEPT_JSON),
  },
  // The last: it ends the session of the tokens.
  'the hint of a logout': {
    opens: ['ID token'],
    // A page that asks.
    refuses: [200],
    knock: hint => same.get(`/oauth2/end-session?id_token_hint=${encodeURIComponent(hint)}`),
  },
}

/** Whatever was noticed but this: a good link that is tried with one wrong binding after the other is a burst. */
const forgeries = async (): Promise<number> =>
  (await alarmCount(service)) - (await alarmCount(service, 'link.wrong_browser_burst'))

describe('each kind of credential', () => {
  it.each(Object.entries(DOORS))(
    'JW-04: %s takes its own kind only',
    async (_, { opens, refuses, knock }) => {
      const before = await forgeries()
      const others = kinds.filter(kind => !opens.includes(kind))
      const statuses: [Kind, number][] = []
      for (const kind of others) statuses.push([kind, (await knock(wallet[kind])).status])
      expect(statuses.filter(([, status]) => !refuses.includes(status))).toEqual([])
      expect(await forgeries()).toBe(before)
    },
  )

  it('JW-04: /oauth2/revoke knows two kinds, and for the others does nothing', async () => {
    const unknown = kinds.filter(kind => kind !== 'access token' && kind !== 'refresh token')
    for (const kind of unknown) {
      const revoked = await service.request(
        '/oauth2/revoke',
        form({ client_id: clientId, token: wallet[kind] }),
      )
      expect([kind, revoked.status, await revoked.text()]).toEqual([kind, 200, ''])
    }
  })

  it('JW-04: a grant takes nothing from the parameters of another', async () => {
    const crossed = [
      { grant_type: 'refresh_token', token: tokens.refresh_token },
      { grant_type: 'refresh_token', code: tokens.refresh_token, code_verifier: attempt.codeVerifier },
      { grant_type: MAGIC_LINK_GRANT, refresh_token: attempt.token, code_verifier: attempt.codeVerifier },
      { grant_type: MAGIC_LINK_GRANT, token: attempt.token },
      { grant_type: MAGIC_LINK_GRANT, code: attempt.code, code_verifier: attempt.codeVerifier },
      { grant_type: 'authorization_code', code: attempt.code, code_verifier: attempt.codeVerifier },
    ]
    for (const fields of crossed) {
      const response = await service.request('/oauth2/token', form({ client_id: clientId, ...fields }))
      expect(response.status).toBe(400)
    }
  })

  it('JW-04: still opens its own door after all that', async () => {
    // These would end or spend what another door of the list is opened with.
    const left = ['POST /oauth2/logout', 'POST /sign-in/link', 'the verifier of the link grant']
    const closed: string[] = []
    for (const [name, { opens, knock }] of Object.entries(DOORS)) {
      const [kind] = opens
      if (kind === undefined || left.includes(name)) continue
      const { status } = await knock(wallet[kind])
      if (status >= 400) closed.push(`${name}: ${status}`)
    }
    expect(closed).toEqual([])
  })
})
