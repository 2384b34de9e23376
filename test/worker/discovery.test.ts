// Metadata (RFC 8414): what it lists is tried, each value of it, and what it does not list is refused. A new value
// without a trial here fails this test.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { GRANT_TYPES, MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { pkceChallenge } from '../../src/tokens/digest.ts'
import { confidentialClient } from './support/confidential.ts'
import { claimsOf, headerOf } from './support/leaked-key.ts'
import { AT_TOKEN_ENDPOINT, createParty, proven } from './support/party.ts'
import { ROUTES } from './support/routes.ts'
import { admin, bearer, createService, form, freshAddress, freshIp, ISSUER, json } from './support/service.ts'
import { createClient, signIn, verifier } from './support/sign-in.ts'

const service = createService()
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

type Metadata = Readonly<Record<string, string | boolean | readonly string[]>>
const DOCUMENTS = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
let metadata: Metadata

beforeAll(async () => {
  metadata = (await (await service.request(DOCUMENTS[0] ?? '')).json()) as Metadata
})

const REDIRECT_URI = 'https://app.test/cb'
const SCOPES = ['openid', 'email', 'sessions', 'read']
const list = (name: string) => (metadata[name] ?? []) as readonly string[]
const errorOf = async (response: Response) => ((await response.json()) as { error: string }).error
const register = (fields: Readonly<Record<string, unknown>>) =>
  service.request(
    '/admin/v1/clients',
    admin(service, json({ name: 'x', kind: 'first_party', type: 'confidential', scopes: [], ...fields })),
  )
const tokensOf = async (scope: string) => {
  const { client_id } = await createClient(service, { scopes: SCOPES })
  const email = freshAddress()
  return { email, ...(await signIn(service, client_id, email, { scope })) }
}

/** The way to the code, or the refusal that is sent to the client. */
async function authorize(fields: Readonly<Record<string, string>>): Promise<URL> {
  const { client_id } = await createClient(service, { redirect_uris: [REDIRECT_URI], scopes: SCOPES })
  const query = new URLSearchParams({
    client_id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    code_challenge: await pkceChallenge(verifier()),
    code_challenge_method: 'S256',
    state: 'x',
    ...fields,
  })
  const response = await service.request(`/oauth2/authorize?${query}`, { headers: { Accept: 'text/html' } })
  return new URL(response.headers.get('Location') ?? 'about:blank', ISSUER)
}

/** Whether this way of showing a secret, or none, is taken at an endpoint, of a client that is registered for it. */
async function isTaken(path: string, method: string, alg = 'ES256'): Promise<boolean> {
  const party = await createParty('mine')
  const isPublic = method === 'none'
  const response = await register({
    type: isPublic ? 'public' : 'confidential',
    token_endpoint_auth_method: method,
    ...(method === 'private_key_jwt' ? { jwks: { keys: [party.publicJwk] } } : {}),
  })
  if (response.status !== 201) return false
  const { client_id, client_secret = '' } = (await response.json()) as {
    client_id: string
    client_secret?: string
  }
  const shown = {
    none: { client_id },
    client_secret_post: { client_id, client_secret },
    client_secret_basic: {},
    private_key_jwt: await party.assertion(service, client_id, {}, { alg }),
  }[method]
  if (shown === undefined) throw new Error(`OA-05: nothing shows how ${method} is used`)
  const init = form({ ...shown, grant_type: 'refresh_token', refresh_token: 'x', token: 'x' })
  const headers = new Headers(init.headers)
  if (method === 'client_secret_basic')
    headers.set('Authorization', `Basic ${btoa(`${client_id}:${client_secret}`)}`)
  return (await service.request(path, { ...init, headers })).status !== 401
}

const authMethods = (path: string) => async (method: unknown) =>
  expect(await isTaken(path, String(method))).toBe(true)

const assertionAlgs = (path: string) => async (alg: unknown) =>
  expect([
    await isTaken(path, 'private_key_jwt', String(alg)),
    await isTaken(path, 'private_key_jwt', 'ES384'),
  ]).toEqual([true, false])

const address = async (url: unknown) => {
  expect(String(url).startsWith(`${ISSUER}/`)).toBe(true)
  const path = String(url).slice(ISSUER.length)
  const answers = await Promise.all(['GET', 'POST'].map(method => service.request(path, { method })))
  expect(answers.some(({ status }) => status !== 404 && status !== 405)).toBe(true)
}

/** That the token comes, with a `sid`, is for another test to show. */
async function isListenedFor(value: unknown): Promise<void> {
  expect(value).toBe(true)
  expect((await register({ backchannel_logout_uri: 'https://app.test/bc' })).status).toBe(201)
}

/** How each listed value is tried. */
const TRIALS: Record<string, (value: unknown) => Promise<unknown>> = {
  authorization_endpoint: address,
  token_endpoint: address,
  jwks_uri: address,
  userinfo_endpoint: address,
  revocation_endpoint: address,
  introspection_endpoint: address,
  pushed_authorization_request_endpoint: address,
  device_authorization_endpoint: address,
  registration_endpoint: address,
  end_session_endpoint: address,
  backchannel_logout_supported: isListenedFor,
  backchannel_logout_session_supported: isListenedFor,

  async issuer(value) {
    const { access_token, id_token } = await tokensOf('openid')
    expect([value, claimsOf(access_token).iss, claimsOf(id_token ?? '').iss]).toEqual([
      ISSUER,
      ISSUER,
      ISSUER,
    ])
    expect(value).toMatch(/^https:\/\/[^/?#]+$/)
  },
  async scopes_supported(value) {
    const { access_token, id_token, scope, email } = await tokensOf(
      value === 'email' ? 'openid email' : String(value),
    )
    expect(scope.split(' ')).toContain(value)
    if (value === 'openid') expect(id_token).toBeDefined()
    if (value === 'sessions')
      expect((await service.request('/v1/sessions', bearer(access_token))).status).toBe(200)
    if (value === 'email')
      expect(await (await service.request('/oauth2/userinfo', bearer(access_token))).json()).toMatchObject({
        email,
      })
  },
  async grant_types_supported(value) {
    const { post } = await confidentialClient(service, { grant_types: [value], scopes: ['read'] })
    const response = await post('/oauth2/token', { grant_type: String(value) })
    if (response.status !== 200)
      expect(['invalid_request', 'invalid_grant']).toContain(await errorOf(response))
  },
  token_endpoint_auth_methods_supported: authMethods('/oauth2/token'),
  revocation_endpoint_auth_methods_supported: authMethods('/oauth2/revoke'),
  introspection_endpoint_auth_methods_supported: authMethods('/oauth2/introspect'),
  token_endpoint_auth_signing_alg_values_supported: assertionAlgs('/oauth2/token'),
  revocation_endpoint_auth_signing_alg_values_supported: assertionAlgs('/oauth2/revoke'),
  introspection_endpoint_auth_signing_alg_values_supported: assertionAlgs('/oauth2/introspect'),
  async id_token_signing_alg_values_supported(value) {
    expect(headerOf((await tokensOf('openid')).id_token ?? '').alg).toBe(value)
  },
  async dpop_signing_alg_values_supported(alg) {
    const { client_id } = await createClient(service)
    const party = await createParty()
    const send = async (header: Readonly<Record<string, unknown>>) => {
      const init = form({ grant_type: 'refresh_token', client_id, refresh_token: 'x' })
      const proof = await party.proof(service, AT_TOKEN_ENDPOINT, {}, header)
      return errorOf(await service.request('/oauth2/token', proven(init, proof)))
    }
    expect([await send({ alg }), await send({ alg: 'ES384' })]).toEqual([
      'invalid_grant',
      'invalid_dpop_proof',
    ])
  },
  async subject_types_supported(value) {
    expect(value).toBe('public')
    const email = freshAddress()
    const ids = await Promise.all([1, 2].map(async () => (await createClient(service)).client_id))
    const subjects: unknown[] = []
    for (const id of ids) subjects.push(claimsOf((await signIn(service, id, email)).id_token ?? '').sub)
    expect(subjects[0]).toBe(subjects[1])
  },
  async claims_supported(value) {
    const { access_token, id_token } = await tokensOf('openid email')
    const info = await (await service.request('/oauth2/userinfo', bearer(access_token))).json()
    expect({ ...claimsOf(id_token ?? ''), ...(info as object) }).toHaveProperty(String(value))
  },
  async code_challenge_methods_supported(value) {
    const { client_id } = await createClient(service)
    const ask = async (code_challenge_method: unknown) => {
      const code_challenge = await pkceChallenge(verifier())
      const init = json({ client_id, email: freshAddress(), code_challenge, code_challenge_method })
      const headers = { ...(init.headers as object), 'CF-Connecting-IP': freshIp() }
      return (await service.request('/v1/sign-ins', { ...init, headers })).status
    }
    expect([await ask(value), await ask('plain')]).toEqual([202, 400])
  },
  async response_types_supported(value) {
    expect((await authorize({ response_type: String(value) })).pathname).toBe('/sign-in')
  },
  async response_modes_supported(value) {
    expect((await authorize({ response_mode: String(value) })).pathname).toBe('/sign-in')
  },
  async prompt_values_supported(value) {
    const answer = await authorize({ prompt: String(value) })
    if (value === 'none') expect(answer.searchParams.get('error')).toBe('login_required')
    else expect(answer.pathname).toBe('/sign-in')
  },
  async authorization_response_iss_parameter_supported(value) {
    expect(value).toBe(true)
    expect((await authorize({ prompt: 'none' })).searchParams.get('iss')).toBe(ISSUER)
  },
  async request_parameter_supported(value) {
    expect(value).toBe(false)
    expect((await authorize({ request: 'x' })).searchParams.get('error')).toBe('request_not_supported')
  },
  async request_uri_parameter_supported(value) {
    expect(value).toBe(false)
    const answer = await authorize({ request_uri: 'https://app.test/request.jwt' })
    expect(answer.searchParams.get('error')).toBe('request_uri_not_supported')
  },
}

describe('the metadata', () => {
  it('OA-04: is one, in both documents, and may be kept for a short time', async () => {
    const texts: string[] = []
    for (const path of DOCUMENTS) {
      const response = await service.request(path)
      expect(response.status).toBe(200)
      expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=300')
      texts.push(await response.text())
    }
    expect(texts[0]).toBe(texts[1])
  })

  it('OA-04: speaks of the configured issuer, whatever the request says', async () => {
    const headers = { Host: 'evil.test', 'X-Forwarded-Host': 'evil.test', Forwarded: 'host=evil.test' }
    const response = await service.request(`https://evil.test${DOCUMENTS[0]}`, { headers })
    expect(await response.json()).toEqual(metadata)
    expect(JSON.stringify(metadata)).not.toContain('evil')
  })

  it('OA-05: lists nothing that does not work', async () => {
    for (const [name, listed] of Object.entries(metadata)) {
      const trial = TRIALS[name]
      expect(trial, `nothing tries ${name}`).toBeDefined()
      for (const value of Array.isArray(listed) ? listed : [listed]) {
        await trial?.(value).catch((cause: unknown) => {
          throw new Error(`OA-05: ${name} lists ${value}`, { cause })
        })
      }
    }
  })

  it('OA-05: lists every endpoint that is served, and what must be listed', () => {
    const listed = Object.values(metadata).filter(value => typeof value === 'string')
    // Those that a client learns of otherwise: the contract, our own pages, the answer to its registration.
    const unlisted = [
      '/oauth2/logout',
      '/oauth2/authorize/continue',
      '/oauth2/end-session/confirm',
      '/oauth2/register/unknown',
    ]
    const served = ROUTES.map(({ path }) => path).filter(path => path.startsWith('/oauth2/'))
    const known = new Set([...listed.map(url => url.slice(ISSUER.length)), ...unlisted])
    expect(served.filter(path => !known.has(path))).toEqual([])
    expect(metadata).toMatchObject({
      issuer: ISSUER,
      token_endpoint: `${ISSUER}/oauth2/token`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      revocation_endpoint: `${ISSUER}/oauth2/revoke`,
      introspection_endpoint: `${ISSUER}/oauth2/introspect`,
      userinfo_endpoint: `${ISSUER}/oauth2/userinfo`,
      grant_types_supported: expect.arrayContaining(['refresh_token', MAGIC_LINK_GRANT]),
      code_challenge_methods_supported: ['S256'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    })
  })
})

describe('what it does not list', () => {
  const grants = [...GRANT_TYPES, 'password', 'implicit', 'urn:ietf:params:oauth:grant-type:jwt-bearer']
  const more = ['urn:ietf:params:oauth:grant-type:token-exchange', 'urn:openid:params:grant-type:ciba']

  it('OA-05, TK-10: as a grant is unsupported, for whichever client', async () => {
    const { client_id } = await createClient(service)
    const { post } = await confidentialClient(service)
    for (const grant_type of [...grants, ...more].filter(
      each => !list('grant_types_supported').includes(each),
    )) {
      const answers = [
        await service.request(
          '/oauth2/token',
          form({ client_id, grant_type, code: 'x', username: 'x', password: 'x' }),
        ),
        await post('/oauth2/token', { grant_type, assertion: 'x', subject_token: 'x', auth_req_id: 'x' }),
      ]
      for (const answer of answers) {
        expect([grant_type, answer.status, await errorOf(answer)]).toEqual([
          grant_type,
          400,
          'unsupported_grant_type',
        ])
      }
    }
  })

  it('OA-05: as a way of client authentication cannot be registered, and is refused', async () => {
    const names = ['client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']
    const listed = list('token_endpoint_auth_methods_supported')
    for (const token_endpoint_auth_method of names.filter(name => !listed.includes(name))) {
      expect((await register({ token_endpoint_auth_method })).status).toBe(400)
    }
    const { client_id } = await confidentialClient(service)
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const assertion = { client_assertion_type, client_assertion: 'e30.e30.x' }
    for (const fields of [{ client_id }, { client_id, ...assertion }, assertion]) {
      const response = await service.request(
        '/oauth2/token',
        form({ grant_type: 'refresh_token', ...fields }),
      )
      expect(await errorOf(response)).toBe('invalid_client')
    }
  })

  it('OA-05: as a claim, a scope or an algorithm is given to nobody', async () => {
    const { access_token, id_token } = await tokensOf('openid email')
    const info = (await (await service.request('/oauth2/userinfo', bearer(access_token))).json()) as object
    const given = [...Object.keys(claimsOf(id_token ?? '')), ...Object.keys(info)]
    expect(given.filter(name => !list('claims_supported').includes(name))).toEqual([])
    const { keys } = (await (await service.request('/.well-known/jwks.json')).json()) as {
      keys: { alg: string }[]
    }
    expect(new Set(keys.map(key => key.alg))).toEqual(new Set(list('id_token_signing_alg_values_supported')))
    const { client_id } = await createClient(service, { scopes: SCOPES })
    for (const scope of ['profile', 'phone', 'address', 'offline_access']) {
      await expect(signIn(service, client_id, freshAddress(), { scope })).rejects.toThrow(/invalid_scope/)
    }
  })

  it('OA-05: at the authorization endpoint is refused, to the client', async () => {
    const refused = {
      response_type: ['token', 'id_token', 'code token', 'code id_token', 'id_token token', 'none'],
      response_mode: ['web_message', 'query.jwt', 'jwt', 'none'],
      prompt: ['create'],
      code_challenge_method: ['plain', 's256', 'S512'],
    }
    for (const [name, values] of Object.entries(refused)) {
      for (const value of values) {
        const answer = await authorize({ [name]: value })
        const error = name === 'response_type' ? 'unsupported_response_type' : 'invalid_request'
        expect([value, answer.origin, answer.searchParams.get('error')]).toEqual([
          value,
          'https://app.test',
          error,
        ])
      }
    }
  })

  it('OA-05: as an endpoint is not there', async () => {
    const paths = [
      'par',
      'device_authorization',
      'register',
      'end-session',
      'authorize',
      'check-session',
      'bc-authorize',
    ]
    const listed = new Set(Object.values(metadata).map(value => String(value).slice(ISSUER.length)))
    for (const path of paths.map(name => `/oauth2/${name}`).filter(each => !listed.has(each))) {
      expect([path, (await service.request(path)).status]).toEqual([path, 404])
      expect([path, (await service.request(path, form({}))).status]).toEqual([path, 404])
    }
  })
})
