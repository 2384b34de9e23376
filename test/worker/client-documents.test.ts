// OA-06: clients whose id is the address of their own metadata (draft-ietf-oauth-client-id-metadata-document).
import { runInDurableObject } from 'cloudflare:test'
import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  CLIENT_DOCUMENT_MAX_BYTES,
  CLIENT_DOCUMENTS_PER_HOST,
  CLIENT_DOCUMENTS_PER_NETWORK,
  NETWORK_WINDOW_SECONDS,
} from '../../src/domain/limits.ts'
import { type App, authorizationRequest, connect, decide, exchange, follow } from './support/authorize.ts'
import { type Browser, signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { bearer, createService, form, freshAddress, freshIp, json, type Service } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'

const ON = { CLIENT_ID_METADATA_DOCUMENTS: 'on' }
const service = createService(ON)

beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

let nth = 0
/** An address that nobody has asked for yet. */
const freshUrl = (): string => {
  nth += 1
  return `https://agent-${nth}.example/oauth/client.json`
}

const documentOf = (url: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  client_id: url,
  client_name: 'Tidy Agent',
  redirect_uris: [new URL('/cb', url).href, 'http://127.0.0.1/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
  ...changes,
})

const served = (document: unknown, headers: Readonly<Record<string, string>> = {}, status = 200) =>
  new Response(typeof document === 'string' ? document : JSON.stringify(document), {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
  })

/** Publishes it; whatever is asked for is answered so. */
function published(
  document: (url: string) => Response = url => served(documentOf(url)),
  where: Service = service,
  url = freshUrl(),
): App {
  where.outbound.length = 0
  where.answers = async uri => document(uri)
  return { service: where, clientId: url, redirectUri: new URL('/cb', url).href, secret: undefined }
}

/** What a browser that is signed in gets: the page that asks, or why not. */
async function ask(app: App, who: Browser, changes: Readonly<Record<string, string | null>> = {}) {
  const { path } = await authorizationRequest(app, changes)
  return follow(who, await who.get(path))
}

async function refusal(app: App, changes: Readonly<Record<string, string | null>> = {}) {
  const { path } = await authorizationRequest(app, changes)
  const headers = { Accept: 'application/json', 'CF-Connecting-IP': freshIp() }
  const response = await app.service.request(path, { headers })
  return [response.status, ((await response.json()) as { code: string }).code]
}

describe('a client that is described by a document', () => {
  it('OA-06: goes the whole way after one fetch, as a third party whose host the user sees', async () => {
    const app = published()
    const who = await signInBrowser(service, freshAddress())
    const page = await ask(app, who)
    const html = await page.clone().text()
    const { host } = new URL(app.clientId)
    expect(page.status).toBe(200)
    expect(html).toContain('Tidy Agent')
    expect(html).toContain(`<strong>${host}</strong>`)
    const tokens = await connect(app, who)
    expect(tokens).toMatchObject({ client_id: app.clientId, scope: 'openid email' })
    expect(decodeJwt(tokens.access_token)).toMatchObject({ client_id: app.clientId })
    const again = (await (await refresh(service, tokens)).json()) as Tokens
    expect(service.outbound.map(({ uri }) => uri)).toEqual([app.clientId])
    expect(service.outbound[0]?.init).toMatchObject({ method: 'GET', redirect: 'manual' })
    // Its session is there for all to see, under the one name that it cannot choose.
    const list = await (await who.get('/v1/sessions')).json()
    expect(list).toMatchObject({
      sessions: expect.arrayContaining([
        expect.objectContaining({
          client: { id: app.clientId, name: app.clientId, kind: 'third_party' },
        }),
      ]),
    })
    expect(await (await who.get('/account')).text()).toContain(app.clientId)
    const revoked = await service.request(
      '/oauth2/revoke',
      form({ client_id: app.clientId, token: again.refresh_token }),
    )
    expect(revoked.status).toBe(200)
    const whoami = await service.request('/ping/whoami', bearer(again.access_token))
    expect([whoami.status, await whoami.json()]).toMatchObject([401, { code: 'session_ended' }])
    expect(service.outbound).toHaveLength(1)
    const clients = (JSON.parse(await dump(service)) as { clients: { id: string }[] }[])[0]?.clients
    expect(clients?.map(({ id }) => id)).not.toContain(app.clientId)
  })

  it('SE-09: its sessions are ended by its id, of 256 characters at most', async () => {
    const app = published(undefined, service, freshUrl().padEnd(256, 'x'))
    const email = freshAddress()
    await connect(app, await signInBrowser(service, email))
    const { access_token } = await signIn(service, (await createClient(service)).client_id, email)
    const end = json({ client_id: app.clientId })
    const ended = await service.request('/v1/sessions/revoke-others', bearer(access_token, end))
    expect([ended.status, await ended.json()]).toMatchObject([200, { revoked: 1 }])
  })

  it('OI-07, OI-08: signs its user out and is gone back to where its document says, and nowhere else', async () => {
    const bye = (url: string) => new URL('/bye', url).href
    const elsewhere = 'https://elsewhere.example/bye'
    const app = published(url =>
      served(documentOf(url, { post_logout_redirect_uris: [bye(url), elsewhere] })),
    )
    const who = await signInBrowser(service, freshAddress())
    const id_token_hint = (await connect(app, who)).id_token ?? ''
    const end = (post_logout_redirect_uri: string, more: Readonly<Record<string, string>>) =>
      who.get(`/oauth2/end-session?${new URLSearchParams({ post_logout_redirect_uri, state: 's', ...more })}`)
    const done = await end(bye(app.clientId), { id_token_hint })
    expect(done.headers.get('Location')).toBe(`${bye(app.clientId)}?state=s`)
    expect((await who.get('/v1/sessions')).status).toBe(401)
    const none = await end(elsewhere, { client_id: app.clientId })
    expect(none.headers.get('Location')).toBe('/signed-out')
    expect(service.outbound).toHaveLength(1)
  })

  it('OA-06: can push its request, and answer on the user’s device', async () => {
    const app = { ...published(), redirectUri: 'http://127.0.0.1:49152/cb' }
    const { path, codeVerifier } = await authorizationRequest(app)
    const pushed = await service.request(
      '/oauth2/par',
      form(Object.fromEntries(new URL(path, 'https://x.test').searchParams)),
    )
    expect(pushed.status).toBe(201)
    const { request_uri } = (await pushed.json()) as { request_uri: string }
    const who = await signInBrowser(service, freshAddress())
    const query = new URLSearchParams({ client_id: app.clientId, request_uri })
    const page = await follow(who, await who.get(`/oauth2/authorize?${query}`))
    const answer = await decide(who, page, 'allow')
    const code = new URL(answer.headers.get('Location') ?? '').searchParams.get('code') ?? ''
    expect((await exchange(app, { code, codeVerifier })).status).toBe(200)
    expect(service.outbound).toHaveLength(1)
  })

  it('OA-06: sets nothing that it may not: trust, scopes, rule, keys, places that are not its own', async () => {
    const app = published(url =>
      served(
        documentOf(url, {
          kind: 'first_party',
          scope: 'openid sessions admin',
          audience: 'https://bank.test',
          session_rule: { limit: null, at_limit: 'refuse' },
          grant_types: ['authorization_code', 'client_credentials', 'urn:latchkey:grant-type:magic-link'],
          redirect_uris: [
            new URL('/cb', url).href,
            'https://bank.test/cb',
            'http://localhost/cb',
            'com.bank.app:/cb',
            `${new URL(url).origin}.evil.test/cb`,
            'javascript:alert(1)',
            7,
          ],
          post_logout_redirect_uris: ['https://bank.test/bye'],
          jwks_uri: 'https://bank.test/jwks',
          backchannel_logout_uri: 'https://bank.test/logout',
          logo_uri: 'https://bank.test/logo',
        }),
      ),
    )
    const client = await service.parts.resolveClient(app.clientId, { now: service.now, clientIp: freshIp() })
    expect(client).toMatchObject({
      id: app.clientId,
      kind: 'third_party',
      type: 'public',
      scopes: ['openid'],
      audience: null,
      session_rule: { limit: 1, at_limit: 'replace_oldest' },
      grant_types: ['authorization_code'],
      redirect_uris: [app.redirectUri],
      post_logout_redirect_uris: [],
      jwks_uri: null,
      backchannel_logout_uri: null,
      secretDigest: null,
    })
    const who = await signInBrowser(service, freshAddress())
    for (const redirect_uri of ['https://bank.test/cb', 'http://localhost/cb', 'com.bank.app:/cb']) {
      expect(await refusal(app, { redirect_uri })).toEqual([400, 'invalid_redirect_uri'])
    }
    const refused = await ask(app, who, { scope: 'sessions' })
    expect(refused.headers.get('Location')).toContain('error=invalid_scope')
    expect(service.outbound.map(({ uri }) => uri)).toEqual([app.clientId])
  })

  const BAD: readonly (readonly [what: string, document: (url: string) => Response])[] = [
    ['another client_id', url => served(documentOf(`${url}x`))],
    ['the client_id of another host', () => served(documentOf('https://bank.test/client.json'))],
    ['no client_id', url => served(documentOf(url, { client_id: undefined }))],
    ['a secret', url => served(documentOf(url, { client_secret: 'x' }))],
    ['a secret that expires', url => served(documentOf(url, { client_secret_expires_at: 0 }))],
    [
      'a method with a secret',
      url => served(documentOf(url, { token_endpoint_auth_method: 'client_secret_post' })),
    ],
    [
      'no redirect URI of its own',
      url => served(documentOf(url, { redirect_uris: ['https://bank.test/cb'] })),
    ],
    [
      'redirect URIs that are no list',
      url => served(documentOf(url, { redirect_uris: 'https://bank.test/cb' })),
    ],
    ['a name with a line break', url => served(documentOf(url, { client_name: 'a\nb' }))],
    ['no JSON', () => served('<html></html>')],
    ['JSON that is no object', url => served(JSON.stringify([documentOf(url)]))],
    ['another content type', url => served(documentOf(url), { 'Content-Type': 'text/html' })],
    ['plain text', url => served(documentOf(url), { 'Content-Type': 'text/plain; a=application/json' })],
    ['more than 5 KiB', url => served(documentOf(url, { x: 'x'.repeat(CLIENT_DOCUMENT_MAX_BYTES) }))],
    ['a redirect', url => new Response(null, { status: 302, headers: { Location: `${url}/moved` } })],
    ['status 201', url => served(documentOf(url), {}, 201)],
    ['status 404', url => served(documentOf(url), {}, 404)],
    ['an error of the server', url => served(documentOf(url), {}, 500)],
  ]

  it.each(BAD)('OA-06: with %s is no client, and is not remembered', async (_, document) => {
    const app = published(document)
    expect(await refusal(app)).toEqual([400, 'invalid_client'])
    service.answers = async url => served(documentOf(url), { 'Content-Type': 'application/x+json' })
    expect(await refusal(app, { redirect_uri: 'https://bank.test/cb' })).toEqual([
      400,
      'invalid_redirect_uri',
    ])
    expect(service.outbound.map(({ uri }) => uri)).toEqual([app.clientId, app.clientId])
  })

  it.each([
    'http://agent.example/client.json',
    'https://agent.example/',
    'https://agent.example',
    'https://agent.example/a/../client.json',
    'https://agent.example/./client.json',
    'https://agent.example/%2e%2e/client.json',
    'https://agent.example/client.json?x=1',
    'https://agent.example/client.json#x',
    'https://user:password@agent.example/client.json',
    'https://AGENT.example/client.json',
    'https://agent.example:443/client.json',
    'https://agent.example:9000/client.json',
    'https://localhost/client.json',
    'https://127.0.0.1/client.json',
    'https://[::1]/client.json',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:10.0.0.1]/client.json',
    'https://intranet/client.json',
    'https://db.internal/client.json',
    'http://127.0.0.1:8080/client.json',
    'ftp://agent.example/client.json',
    `https://agent.example/${'x'.repeat(256)}`,
  ])('OA-06, WH-02: is not looked for at %s', async clientId => {
    const app = { ...published(), clientId }
    expect(await refusal(app, { redirect_uri: 'https://agent.example/cb' })).toEqual([400, 'invalid_client'])
    expect(service.outbound).toEqual([])
  })

  it('OA-06, WH-02: is found on this machine where that is allowed', async () => {
    const local = createService({ ...ON, ISSUER: 'http://localhost:8787', LOOPBACK_TARGETS: 'on' })
    local.answers = async url => served(documentOf(url))
    const from = { now: local.now, clientIp: freshIp() }
    const url = 'http://127.0.0.1:4000/client.json'
    expect(await local.parts.resolveClient(url, from)).toMatchObject({ id: url, kind: 'third_party' })
  })

  it('OA-06: is remembered for as long as its host says, between 5 and 60 minutes', async () => {
    const begun = service.now
    for (const [control, seconds] of [
      [null, 300],
      ['no-store', 300],
      ['max-age=0', 300],
      ['public, max-age=900', 900],
      ['max-age=999999999', 3_600],
    ] as const) {
      const app = published(url =>
        served(documentOf(url), control === null ? {} : { 'Cache-Control': control }),
      )
      const fetches = async () => {
        await service.parts.resolveClient(app.clientId, { now: service.now, clientIp: freshIp() })
        return service.outbound.length
      }
      expect([await fetches(), await fetches()], control ?? '').toEqual([1, 1])
      service.now += seconds - 1
      expect(await fetches(), control ?? '').toBe(1)
      service.now += 1
      expect(await fetches(), control ?? '').toBe(2)
      service.now = begun
    }
  })

  it('OA-06: is fetched so many times for one network, and then not at all', async () => {
    const app = published(() => served('', {}, 404))
    const from = { now: service.now, clientIp: freshIp() }
    for (let time = 0; time < CLIENT_DOCUMENTS_PER_NETWORK + 5; time++) {
      expect(await service.parts.resolveClient(app.clientId, from)).toBeNull()
    }
    expect(service.outbound).toHaveLength(CLIENT_DOCUMENTS_PER_NETWORK)
  })

  it('OA-06: is fetched so many times from one host, whoever asks for it, and then not at all', async () => {
    const { clientId } = published()
    const { host } = new URL(clientId)
    const ask = () => service.parts.limits.forClientDocument(host, freshIp(), service.now)
    const name = await service.parts.secrets.mac('rate-limit', `client-document:${host}`)
    expect((await ask()).isAllowed).toBe(true)
    await runInDurableObject(
      service.env.RATE_LIMITER.getByName(`client-document:${name}`),
      (_, { storage }) => {
        const window = storage.kv.get<{ endsAt: number; count: number }>('window')
        expect(window?.count).toBe(1)
        storage.kv.put('window', { ...window, count: CLIENT_DOCUMENTS_PER_HOST - 1 })
      },
    )
    expect((await ask()).isAllowed).toBe(true)
    const find = () => service.parts.resolveClient(clientId, { now: service.now, clientIp: freshIp() })
    expect(await find()).toBeNull()
    expect(service.outbound).toEqual([])
    service.now += NETWORK_WINDOW_SECONDS
    expect(await find()).not.toBeNull()
  })

  it('OA-06: cannot use what is for first parties or for secrets, and nothing is fetched for that', async () => {
    const app = published()
    const signIn = { client_id: app.clientId, email: freshAddress(), code_challenge: 'x'.repeat(43) }
    const started = await service.request('/v1/sign-ins', json({ ...signIn, code_challenge_method: 'S256' }))
    expect([started.status, await started.json()]).toMatchObject([400, { code: 'invalid_client' }])
    expect(service.outbound).toEqual([])
    const post = (path: string, fields: Readonly<Record<string, string>>) =>
      service.request(path, form({ client_id: app.clientId, ...fields }))
    expect(
      (await post('/oauth2/token', { client_secret: '', grant_type: 'client_credentials' })).status,
    ).toBe(400)
    expect((await post('/oauth2/token', { client_secret: 'x', grant_type: 'refresh_token' })).status).toBe(
      401,
    )
    expect((await post('/oauth2/introspect', { token: 'x' })).status).toBe(401)
  })
})

describe('the setting', () => {
  const metadata = async (where: Service) =>
    (await (await where.request('/.well-known/oauth-authorization-server')).json()) as Record<string, unknown>

  it('OA-06: is off unless it is on: such a client is unknown everywhere, nothing is fetched', async () => {
    const off = createService()
    const app = published(undefined, off)
    expect(await refusal(app)).toEqual([400, 'invalid_client'])
    for (const path of ['/oauth2/token', '/oauth2/par', '/oauth2/revoke', '/oauth2/introspect']) {
      const response = await off.request(path, form({ client_id: app.clientId, grant_type: 'refresh_token' }))
      expect([response.status, await response.json()]).toMatchObject([401, { error: 'invalid_client' }])
    }
    expect(off.outbound).toEqual([])
  })

  it('OA-05: is told in the metadata', async () => {
    expect(await metadata(service)).toMatchObject({ client_id_metadata_document_supported: true })
    expect(await metadata(createService())).not.toHaveProperty('client_id_metadata_document_supported')
  })
})
