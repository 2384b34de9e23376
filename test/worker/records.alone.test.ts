// The inventory of records against what the journeys leave in the log: exactly one record for each event, of this request, by
// whom and for which client; nothing that the inventory does not know, and nothing in it that no journey makes.
import { describe, expect, it } from 'vitest'
import { ADDRESS_PER_NETWORK, DOWNLOADS_PER_USER } from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { RECORD_CODES } from '../../src/records/inventory.ts'
import { recordingAs, recordRefusal } from '../../src/records/record.ts'
import {
  type App,
  answerOf,
  authorizationRequest,
  createApp,
  decide,
  exchange,
  follow,
  getCode,
} from './support/authorize.ts'
import { askForMail, type Browser, browser, signInBrowser } from './support/browser.ts'
import { captureLogs } from './support/canaries.ts'
import { type Confidential, confidentialClient } from './support/confidential.ts'
import { createDeviceApp, decideDevice, typeCode } from './support/device.ts'
import { changeEmail } from './support/email-change.ts'
import { claimsOf, leakKey } from './support/leaked-key.ts'
import { initialToken, manage, type Registered, register } from './support/registration.ts'
import { CHROME, FIREFOX, seenFrom } from './support/seen-from.ts'
import { admin, bearer, createService, form, freshAddress, freshIp, json } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'

const service = createService({ ON_FORGERY: 'rotate' })
const logs = captureLogs()
const NO_LIMIT = { session_rule: { limit: null, at_limit: 'replace_oldest' } }
const ONE = { session_rule: { limit: 1, at_limit: 'replace_oldest' } }
const REFUSE = { session_rule: { limit: 1, at_limit: 'refuse' } }

type Line = Readonly<Record<string, unknown>>

/** What was recorded meanwhile: `event`, or `event reason`, with how often if more than once; in the order of the alphabet. */
async function recorded(work: () => Promise<unknown>): Promise<{ codes: string[]; records: Line[] }> {
  const start = logs.lines().length
  await work()
  const lines = logs.lines().slice(start)
  const records = lines.map(line => JSON.parse(line) as Line).filter(line => line.outcome !== undefined)
  const counts = new Map<string, number>()
  for (const { event, reason } of records) {
    seen.add(String(event))
    const code = reason === undefined ? String(event) : `${event} ${reason}`
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
  const codes = [...counts].map(([code, count]) => (count === 1 ? code : `${code} ×${count}`)).sort()
  return { codes, records }
}

const seen = new Set<string>()
const operate = (path: string, method = 'POST', body?: unknown) =>
  service.request(`/admin/v1${path}`, admin(service, body === undefined ? { method } : json(body, method)))

let client: string
let tokens: Tokens
let owner: Browser
let ownerEmail = freshAddress()
let app: App
let backend: Confidential
const email = freshAddress()

const BY_LINK = 'token.issued urn:latchkey:grant-type:magic-link'
/** Of one sign-in of an app. */
const SIGN_IN = ['session.created', 'sign_in.started', BY_LINK]
const SIGN_IN_TWICE = SIGN_IN.map(code => `${code} ×2`)
const ROTATED = ['key.active pending', 'key.created pending']

type Journey = readonly [what: string, codes: readonly string[], work: () => Promise<unknown>]

/** In this order: each goes on where the one before has stopped. */
const JOURNEYS: readonly Journey[] = [
  [
    'the first keys',
    ['key.created active', 'key.created pending'],
    () => service.request('/.well-known/jwks.json'),
  ],
  [
    'an operator’s call',
    ['operator.called'],
    async () => {
      client = (await createClient(service, NO_LIMIT)).client_id
    },
  ],
  ['asking for a link', ['sign_in.started'], () => requestLink(service, client, freshAddress())],
  [
    'a sign-in by link',
    SIGN_IN,
    async () => {
      tokens = await signIn(service, client, email)
    },
  ],
  ['a sign-in by code', SIGN_IN, () => signIn(service, client, email, { by: 'code' })],
  [
    'a wrong code',
    ['request.refused invalid_grant', 'sign_in.started'],
    async () =>
      redeem(service, { ...(await requestLink(service, client, freshAddress())), code: 'BBBB-BBBB' }, 'code'),
  ],
  [
    'a refresh',
    ['token.refreshed'],
    async () => {
      tokens = await (await refresh(service, tokens)).json<Tokens>()
    },
  ],
  [
    'an invented refresh token',
    ['request.refused invalid_grant'],
    () => refresh(service, { ...tokens, refresh_token: `${tokens.refresh_token.slice(0, -4)}AAAA` }),
  ],
  ['a token that is good', [], () => service.request('/ping/whoami', bearer(tokens.access_token))],
  [
    'a token that is changed',
    ['request.refused invalid_token'],
    () => service.request('/ping/whoami', bearer(`${tokens.access_token.slice(0, -4)}AAAA`)),
  ],
  ['no token', ['request.refused unauthorized'], () => service.request('/v1/sessions')],
  [
    'a preference',
    ['preference.changed'],
    () => {
      const preferences = {
        one_session_per_client: false,
        one_device: false,
        notify: { new_sign_in: 'never' },
      }
      return service.request('/v1/preferences', bearer(tokens.access_token, json(preferences, 'PUT')))
    },
  ],
  [
    'signing out twice',
    ['request.refused session_ended', 'session.ended signed_out'],
    async () => {
      const twice = bearer(tokens.access_token, { method: 'POST' })
      await service.request('/oauth2/logout', twice)
      await service.request('/oauth2/logout', twice)
    },
  ],
  [
    'signing out by a refresh token twice',
    [...SIGN_IN, 'session.ended signed_out'].sort(),
    async () => {
      const { refresh_token: token, client_id } = await signIn(service, client, email)
      for (let each = 0; each < 2; each++) await service.request('/oauth2/revoke', form({ token, client_id }))
    },
  ],
  [
    'a refresh token that is used again',
    [
      'alarm.raised refresh.reused',
      'request.refused invalid_grant',
      ...SIGN_IN,
      'session.ended refresh_reused',
      'token.refreshed',
    ],
    async () => {
      tokens = await signIn(service, client, email)
      await refresh(service, tokens)
      service.now += 60
      await refresh(service, tokens)
    },
  ],
  [
    'what a rule replaces',
    ['operator.called', ...SIGN_IN_TWICE, 'session.ended replaced'],
    async () => {
      const { client_id } = await createClient(service, ONE)
      await signIn(service, client_id, email)
      await signIn(service, client_id, email)
    },
  ],
  [
    'what a rule refuses: one refusal',
    [
      'operator.called',
      'session.created',
      'sign_in.refused session_limit_reached',
      'sign_in.started ×2',
      BY_LINK,
    ],
    async () => {
      const { client_id } = await createClient(service, REFUSE)
      await signIn(service, client_id, email)
      await redeem(service, await requestLink(service, client_id, email))
    },
  ],
  [
    'mails beyond the limit of an address',
    ['sign_in.held_back', `sign_in.started ×${ADDRESS_PER_NETWORK}`],
    async () => {
      const [crowded, ip] = [freshAddress(), freshIp()]
      for (let mail = 0; mail <= ADDRESS_PER_NETWORK; mail++)
        await requestLink(service, client, crowded, { ip })
    },
  ],
  [
    'a browser that signs in',
    ['session.created', 'sign_in.started'],
    async () => {
      owner = await signInBrowser(service, ownerEmail)
    },
  ],
  [
    'pages that say no',
    [
      'request.refused invalid_email',
      'request.refused invalid_link',
      'request.refused wrong_code',
      'sign_in.started',
    ],
    async () => {
      const other = browser(service)
      await askForMail(service, other, freshAddress())
      await other.post('/sign-in/code', { code: 'BBBB-BBBB' })
      await other.post('/sign-in', { email: 'nobody' })
      await other.get('/sign-in/link?token=x')
    },
  ],
  [
    'a link in another browser',
    ['request.refused wrong_browser ×2', 'sign_in.started'],
    async () => {
      const { token } = await askForMail(service, browser(service), freshAddress())
      const other = browser(service)
      await other.get(`/sign-in/link?token=${token}`)
      await other.post('/sign-in/link', { token })
    },
  ],
  [
    'a form of another site',
    ['request.refused csrf_failed'],
    () => owner.post('/account/preferences', {}, { Origin: 'https://evil.test' }),
  ],
  [
    'a copied cookie',
    ['session.created', 'session.traits_changed', 'sign_in.started'],
    async () => {
      const [home, thief] = [FIREFOX, CHROME].map((userAgent, at) =>
        seenFrom(service, { userAgent, country: ['DE', 'BR'][at] ?? '' }),
      )
      const signedIn = await signInBrowser(home ?? service, freshAddress())
      const Cookie = `__Host-session=${signedIn.cookie('__Host-session')}`
      await thief?.request('/account', { headers: { Cookie } })
    },
  ],
  [
    'downloads, one too many',
    ['request.refused rate_limited', `user.downloaded ×${DOWNLOADS_PER_USER}`],
    async () => {
      for (let each = 0; each <= DOWNLOADS_PER_USER; each++) await owner.get('/account/data.json')
    },
  ],
  [
    'an app that is allowed',
    [
      'code.issued',
      'consent.granted',
      'operator.called',
      'session.created',
      'token.issued authorization_code',
    ],
    async () => {
      app = await createApp(service, { kind: 'third_party' })
      await exchange(app, await getCode(app, owner))
    },
  ],
  [
    'a code that is used again',
    [
      'alarm.raised code.reused',
      'code.issued',
      'request.refused invalid_grant',
      'session.created',
      'session.ended code_reused',
      'session.ended replaced',
      'token.issued authorization_code',
    ],
    async () => {
      const code = await getCode(app, owner)
      await exchange(app, code)
      await exchange(app, code)
    },
  ],
  [
    'an app that is denied',
    ['request.refused access_denied'],
    async () => {
      const { path } = await authorizationRequest(app, { prompt: 'consent' })
      const page = await follow(owner, await owner.get(path))
      expect(answerOf(await decide(owner, page, 'deny'))).toMatchObject({ error: 'access_denied' })
    },
  ],
  [
    'a consent that is withdrawn',
    ['consent.withdrawn'],
    () => owner.post('/account/apps/withdraw', { client_id: app.clientId }),
  ],
  [
    'a device',
    [
      'device.decided allow',
      'device.started',
      'operator.called',
      'request.refused authorization_pending',
      'request.refused wrong_code',
      'session.created',
      'token.issued urn:ietf:params:oauth:grant-type:device_code',
    ],
    async () => {
      const device = await createDeviceApp(service)
      const codes = await device.start()
      await device.poll(codes)
      await typeCode(owner, 'BBBB-BBBB')
      await decideDevice(owner, codes.user_code)
      service.now += 10
      await device.poll(codes)
    },
  ],
  [
    'a device that is denied',
    ['device.decided deny', 'device.started', 'operator.called', 'request.refused access_denied'],
    async () => {
      const device = await createDeviceApp(service)
      const codes = await device.start()
      await decideDevice(owner, codes.user_code, 'deny')
      await device.poll(codes)
    },
  ],
  [
    'a client in its own name',
    [
      'authorization.pushed',
      'operator.called',
      'token.found_inactive',
      'token.issued client_credentials',
      'token.revoked',
    ],
    async () => {
      const redirectUri = 'https://app.test/cb'
      backend = await confidentialClient(service, {
        grant_types: ['client_credentials', 'authorization_code'],
        redirect_uris: [redirectUri],
      })
      const issued = await backend.post('/oauth2/token', { grant_type: 'client_credentials' })
      const { access_token: token } = await issued.json<Tokens>()
      await backend.post('/oauth2/introspect', { token })
      await backend.post('/oauth2/revoke', { token })
      await backend.post('/oauth2/introspect', { token })
      const { path } = await authorizationRequest({ ...app, clientId: backend.client_id, redirectUri })
      await backend.post('/oauth2/par', Object.fromEntries(new URL(path, 'https://x.test').searchParams))
    },
  ],
  [
    'a wrong secret',
    ['request.refused invalid_client'],
    () => backend.post('/oauth2/token', { grant_type: 'client_credentials', client_secret: 'x'.repeat(43) }),
  ],
  [
    'a client that registers itself',
    [
      'client.changed',
      'client.deleted',
      'client.registered',
      'operator.called',
      'request.refused invalid_token',
    ],
    async () => {
      const { token } = await initialToken(service)
      const metadata = { client_name: 'Own', redirect_uris: ['https://own.test/cb'] }
      const registered = await (await register(service, token, metadata)).json<Registered>()
      await manage(service, registered, 'PUT', { ...metadata, client_id: registered.client_id })
      await manage(service, registered, 'DELETE')
      await manage(service, registered, 'GET')
    },
  ],
  [
    'a new address',
    ['email.changed', 'email_change.started'],
    async () => {
      ownerEmail = freshAddress()
      await changeEmail(service, owner, ownerEmail)
    },
  ],
  [
    'an arrival that is spoken for twice',
    [...SIGN_IN, 'session.recognized'].sort(),
    async () => {
      const arrived = claimsOf((await signIn(service, client, ownerEmail)).access_token)
      for (let each = 0; each < 2; each++) {
        await owner.post('/account/sessions/recognize', { recognized_id: String(arrived.sid) })
      }
    },
  ],
  [
    'an operator and a user',
    [
      'operator.called ×4',
      'session.created ×2',
      'session.ended ended_by_operator',
      'session.ended user_disabled',
      'sign_in.refused user_disabled',
      'sign_in.started ×3',
      `${BY_LINK} ×2`,
      'user.deleted',
      'user.disabled',
      'user.enabled',
    ],
    async () => {
      const address = freshAddress()
      const { user_id } = await signIn(service, client, address)
      await operate(`/users/${user_id}/revoke-sessions`)
      await signIn(service, client, address)
      await operate(`/users/${user_id}/disable`)
      await redeem(service, await requestLink(service, client, address))
      await operate(`/users/${user_id}/enable`)
      await operate(`/users/${user_id}`, 'DELETE')
    },
  ],
  [
    'whoever is no operator',
    ['request.refused unauthorized'],
    () => service.request('/admin/v1/clients', bearer(tokens.access_token)),
  ],
  [
    'the operator’s page',
    ['operator.signed_in', 'operator.signed_out', 'request.refused wrong_token'],
    async () => {
      const operator = browser(service)
      await operator.get('/admin')
      await operator.post('/admin', { admin_token: 'x' })
      await operator.post('/admin', { admin_token: String(service.env.ADMIN_TOKEN) })
      await operator.get('/admin')
      await operator.post('/admin/sign-out')
    },
  ],
  [
    'a rotation',
    [...ROTATED, 'key.retiring active', 'operator.called'],
    () => operate('/keys/rotate', 'POST', {}),
  ],
  [
    'another, before every cache knows the next key',
    ['key.rotation_ordered', 'operator.called'],
    () => operate('/keys/rotate', 'POST', {}),
  ],
  [
    'its time',
    ['cron.ran', ...ROTATED, 'key.retiring active'],
    async () => {
      service.now += 300
      await keepHouse(service.parts, service.now)
    },
  ],
  [
    'an emergency',
    [...ROTATED, 'key.gone active', 'operator.called'],
    async () => operate('/keys/rotate', 'POST', { emergency: (await leakKey(service)).kid }),
  ],
  [
    'a forged token',
    [
      'alarm.raised token.forged',
      ...ROTATED,
      'key.gone active',
      'key.removed_on_forgery',
      'request.refused invalid_token',
      ...SIGN_IN,
    ],
    async () => {
      const { access_token } = await signIn(service, client, email)
      const key = await leakKey(service)
      await service.request('/ping/whoami', bearer(await key.resign(access_token, { scope: 'more' })))
    },
  ],
  [
    'a service that is not configured',
    ['request.failed misconfigured'],
    () => createService({ ISSUER: 'x' }).request('/health'),
  ],
]

describe('LG-01: what is recorded', () => {
  it.each(JOURNEYS)('LG-01: %s: one record of each event, with time and actor', async (_, codes, work) => {
    const { codes: found, records } = await recorded(work)
    expect(found).toEqual([...codes].sort())
    for (const each of records) {
      expect(each.at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      expect(each.actor).toMatch(/^(?:anonymous|client|session|notice|operator|system)$/)
      if (!codes.includes('cron.ran')) expect(each.request_id).toMatch(/^req_/)
    }
  })

  it('LG-01: is what the inventory has, and nothing else', () => {
    expect([...seen].sort()).toEqual([...RECORD_CODES].sort())
  })

  it('LG-01: says by whom, on what and for which client, in the request that the answer names', async () => {
    const { client_id } = await createClient(service, NO_LIMIT)
    const mine = await signIn(service, client_id, freshAddress())
    const { sid } = claimsOf(mine.access_token)
    let requestId: string | null = null
    const { records } = await recorded(async () => {
      const response = await service.request('/oauth2/logout', bearer(mine.access_token, { method: 'POST' }))
      requestId = response.headers.get('X-Request-Id')
    })
    const about = { user_id: mine.user_id, session_id: sid, client_id, request_id: requestId }
    expect(records).toMatchObject([
      {
        event: 'session.ended',
        reason: 'signed_out',
        outcome: 'accepted',
        actor: 'session',
        actor_id: sid,
        ...about,
      },
    ])
    const other = await signIn(service, client_id, freshAddress())
    await refresh(service, other)
    service.now += 60
    const { records: reused } = await recorded(() => refresh(service, other))
    const ended = reused.find(({ event }) => event === 'session.ended')
    expect(ended).toMatchObject({ actor: 'system', user_id: other.user_id, client_id })
    expect(ended).not.toHaveProperty('actor_id')
    const { records: refused } = await recorded(() => refresh(service, mine))
    expect(refused).toMatchObject([
      {
        event: 'request.refused',
        actor: 'client',
        actor_id: client_id,
        user_id: mine.user_id,
        route: '/oauth2/token',
      },
    ])
  })

  it('LG-01: a request that is repeated is not recorded as what it repeats', async () => {
    const { client_id } = await createClient(service, NO_LIMIT)
    const { access_token } = await signIn(service, client_id, freshAddress())
    const init = bearer(access_token, { method: 'POST' })
    const { codes } = await recorded(() =>
      Promise.all(Array.from({ length: 5 }, () => service.request('/oauth2/logout', init))),
    )
    expect(codes).toContain('session.ended signed_out')
  })

  it('LG-01: a refusal for which no place gives a reason is recorded all the same', async () => {
    const { records } = await recorded(async () =>
      recordingAs(
        'req_x',
        'anonymous',
        () => undefined,
        () => {
          recordRefusal(204, {})
          recordRefusal(418, { route: '/pot' })
        },
      ),
    )
    expect(records).toMatchObject([{ event: 'request.refused', reason: 'status_418', request_id: 'req_x' }])
  })

  it('LG-03: whatever is sent, a request that is refused leaves one line, which is JSON', async () => {
    const HOSTILE = [
      '\r\n{"event":"user.deleted"}',
      '\u2028x',
      '\u001b[2J',
      '","outcome":"accepted","x":"',
      '\u0000',
      '%0d%0a',
    ]
    for (const text of HOSTILE) {
      const start = logs.lines().length
      await service.request(
        '/oauth2/token',
        form({ grant_type: text, client_id: text, code: text, scope: text }),
      )
      await service.request(`/v1/sessions/${encodeURIComponent(text)}`, bearer('x'))
      await service.request(`/${encodeURIComponent(text)}?${encodeURIComponent(text)}`)
      const lines = logs.lines().slice(start)
      expect(lines.map(line => JSON.parse(line).event)).toEqual(Array(3).fill('request.refused'))
      expect(lines.join('')).not.toMatch(/[\p{Cc}\u2028\u2029]|"event":"user/u)
    }
  })

  it('LG-01: what waits, and since when, and when cron ran, are among the figures', async () => {
    const own = createService()
    own.mailFails = true
    await askForMail(own, browser(own), freshAddress()).catch(() => undefined)
    const asked = own.now
    own.now += 100
    interface Stats {
      readonly mails: { readonly waiting: number; readonly oldest_at: string }
      readonly cron: { readonly last_at: string }
    }
    const stats = async () => (await own.request('/admin/v1/stats', admin(own))).json<Stats>()
    const { mails } = await stats()
    expect(mails.waiting).toBeGreaterThanOrEqual(1)
    expect(Date.parse(mails.oldest_at) / 1_000).toBeLessThanOrEqual(asked)
    // Later than any other journey's.
    own.now += 3_600
    await keepHouse(own.parts, own.now)
    expect(Date.parse((await stats()).cron.last_at) / 1_000).toBe(own.now)
    own.mailFails = false
  })
})
