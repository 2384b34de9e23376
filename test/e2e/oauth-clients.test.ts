// Client libraries that nobody here wrote, unmodified, over real HTTP.
import { spawn } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { PROJECT } from '../../src/cli/settings.ts'
import { createPerson, formsOf, type Person } from './support/person.ts'
import { findPorts } from './support/ports.ts'
import type { Instance } from './support/service.ts'
import { findSharedInstance } from './support/shared-instance.ts'

const REDIRECT_URI = 'http://127.0.0.1:4711/callback'
const AFTER_LOGOUT = 'http://127.0.0.1:4711/bye'

let service: Instance
beforeAll(async () => {
  service = await findSharedInstance()
})

const aPerson = (): Person =>
  createPerson(service.origin, service.mailbox, `person-${randomUUID()}@example.test`)

interface Registered {
  readonly client_id: string
  readonly client_secret?: string
}

async function register(changes: Readonly<Record<string, unknown>> = {}): Promise<Registered> {
  const response = await service.admin('/admin/v1/clients', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'Client of a library',
      kind: 'third_party',
      type: 'public',
      scopes: ['openid', 'email', 'read'],
      redirect_uris: ['http://127.0.0.1/callback'],
      post_logout_redirect_uris: [AFTER_LOGOUT],
      ...changes,
    }),
  })
  if (response.status !== 201) throw new Error(await response.text())
  return (await response.json()) as Registered
}

describe('openid-client', () => {
  const discover = (client: Registered, authentication: openid.ClientAuth) =>
    openid.discovery(new URL(service.origin), client.client_id, {}, authentication, {
      execute: [openid.allowInsecureRequests],
    })

  /** Code and PKCE, through the person's browser. */
  async function signIn(
    config: openid.Configuration,
    person: Person,
    parameters: Readonly<Record<string, string>> = {},
    more: { readonly pushed?: boolean; readonly dpop?: openid.DPoPHandle } = {},
  ) {
    const pkceCodeVerifier = openid.randomPKCECodeVerifier()
    const expectedState = openid.randomState()
    const expectedNonce = openid.randomNonce()
    const dpop = more.dpop === undefined ? {} : { DPoP: more.dpop }
    const request = {
      redirect_uri: REDIRECT_URI,
      scope: 'openid email read',
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
      ...parameters,
    }
    const url = more.pushed
      ? await openid.buildAuthorizationUrlWithPAR(config, request, dpop)
      : openid.buildAuthorizationUrl(config, request)
    const { url: answer } = await person.visit(url.href)
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
    return openid.authorizationCodeGrant(config, answer, checks, {}, dpop)
  }

  it('discovers, signs in, refreshes, introspects, reads userinfo and revokes, as a confidential client', async () => {
    const client = await register({ type: 'confidential' })
    const config = await discover(client, openid.ClientSecretBasic(client.client_secret))
    const person = aPerson()
    const tokens = await signIn(config, person)
    const subject = tokens.claims()?.sub ?? ''
    expect(tokens.scope).toBe('openid email read')
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', {
      scope: 'openid email',
    })
    expect(refreshed.access_token).not.toBe(tokens.access_token)
    expect(await openid.fetchUserInfo(config, refreshed.access_token, subject)).toEqual({
      sub: subject,
      email: person.email,
      email_verified: true,
    })
    const live = await openid.tokenIntrospection(config, refreshed.access_token)
    expect(live).toMatchObject({
      active: true,
      sub: subject,
      scope: 'openid email',
      client_id: client.client_id,
    })
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false })
    await openid.tokenRevocation(config, refreshed.refresh_token ?? '')
    expect(await openid.tokenIntrospection(config, refreshed.access_token)).toEqual({ active: false })
    await expect(openid.refreshTokenGrant(config, refreshed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('OA-08: pushes its request', async () => {
    const client = await register({
      type: 'confidential',
      require_pushed_authorization_requests: true,
      token_endpoint_auth_method: 'client_secret_post',
    })
    const config = await discover(client, openid.ClientSecretPost(client.client_secret))
    const tokens = await signIn(config, aPerson(), { prompt: 'login' }, { pushed: true })
    expect(tokens.claims()).toMatchObject({ aud: client.client_id, iss: service.origin })
  })

  it('OI-02: is told what it may not have without asking', async () => {
    const client = await register()
    const config = await discover(client, openid.None())
    await expect(signIn(config, aPerson(), { prompt: 'none' })).rejects.toMatchObject({
      error: 'login_required',
    })
  })

  it('OI-07, OI-08: signs the person out and comes back', async () => {
    const client = await register()
    const config = await discover(client, openid.None())
    const person = aPerson()
    const tokens = await signIn(config, person)
    const state = openid.randomState()
    const url = openid.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: AFTER_LOGOUT,
      state,
    })
    expect((await person.visit(url.href)).url.href).toBe(`${AFTER_LOGOUT}?state=${state}`)
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(signIn(config, person, { prompt: 'none' })).rejects.toMatchObject({
      error: 'login_required',
    })
  })

  it('OA-09: binds tokens to its key, and uses them so', async () => {
    const client = await register({ kind: 'first_party', dpop_bound_access_tokens: true })
    const config = await discover(client, openid.None())
    const dpop = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const tokens = await signIn(config, aPerson(), {}, { dpop })
    expect(tokens.token_type).toBe('dpop')
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', {}, { DPoP: dpop })
    const subject = tokens.claims()?.sub ?? ''
    const info = await openid.fetchUserInfo(config, refreshed.access_token, subject, { DPoP: dpop })
    expect(info.sub).toBe(subject)
    await expect(openid.fetchUserInfo(config, refreshed.access_token, subject)).rejects.toThrow()
    const thief = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    await expect(
      openid.refreshTokenGrant(config, refreshed.refresh_token ?? '', {}, { DPoP: thief }),
    ).rejects.toMatchObject({ status: 400 })
  })

  it('OA-07: connects a device that has no browser', async () => {
    const grant = 'urn:ietf:params:oauth:grant-type:device_code'
    const client = await register({ grant_types: [grant, 'refresh_token'] })
    const config = await discover(client, openid.None())
    const started = await openid.initiateDeviceAuthorization(config, { scope: 'openid read' })
    const person = aPerson()
    const polled = openid.pollDeviceAuthorizationGrant(config, started)
    const { html } = await person.visit(started.verification_uri_complete ?? '')
    expect(html).not.toContain('name="decision"')
    const tokens = await polled
    expect(tokens.scope).toBe('openid read')
  })

  it('TK-10: gets tokens of its own', async () => {
    const client = await register({
      kind: 'first_party',
      type: 'confidential',
      grant_types: ['client_credentials'],
      scopes: ['read'],
      token_endpoint_auth_method: 'client_secret_post',
    })
    const config = await discover(client, openid.ClientSecretPost(client.client_secret))
    const tokens = await openid.clientCredentialsGrant(config, { scope: 'read' })
    expect(tokens.refresh_token).toBeUndefined()
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      active: true,
      sub: client.client_id,
    })
  })

  it('connects as the README says', async () => {
    const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8')
    const [, example = ''] = /```js\n(.*?)```/s.exec(readme) ?? []
    expect(example.trim().split('\n').length).toBeLessThan(10)
    const { service: port } = await findPorts()
    const code = example
      .replaceAll('localhost:8787', new URL(service.origin).host)
      .replaceAll('3000', String(port))
    const node = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: PROJECT })
    try {
      const printed = (wanted: RegExp) =>
        new Promise<string>((resolve, reject) => {
          let text = ''
          const read = (chunk: Buffer) => {
            text += chunk
            if (wanted.test(text)) resolve(text)
          }
          node.stdout.on('data', read)
          node.stderr.on('data', read)
          node.on('exit', () => reject(new Error(text)))
        })
      const url = (await printed(/\n/)).trim()
      const tokens = printed(/token_type/)
      await fetch((await aPerson().visit(url)).url)
      expect(await tokens).toContain("token_type: 'bearer'")
    } finally {
      node.kill()
    }
  })

  it('TK-06: proves itself with a key', async () => {
    const { publicKey, privateKey } = await openid.randomDPoPKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    const client = await register({
      type: 'confidential',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...jwk, kid: 'one', alg: 'ES256', use: 'sig' }] },
    })
    const config = await discover(client, openid.PrivateKeyJwt({ key: privateKey, kid: 'one' }))
    const tokens = await signIn(config, aPerson())
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true })
  })
})

describe('oauth4webapi', () => {
  const insecure = { [oauth.allowInsecureRequests]: true }
  const discover = async (tamper: (response: Response) => Promise<Response> = async response => response) =>
    oauth.processDiscoveryResponse(
      new URL(service.origin),
      await tamper(await oauth.discoveryRequest(new URL(service.origin), insecure)),
    )

  it('refuses the metadata of another issuer', async () => {
    const corrupted = discover(async response => {
      const metadata = (await response.json()) as object
      return Response.json({ ...metadata, issuer: 'https://evil.test' })
    })
    await expect(corrupted).rejects.toThrow(/issuer/)
  })

  it('completes code and PKCE, and refuses each answer that a proxy corrupts', async () => {
    const as = await discover()
    const registered = await register({ kind: 'first_party' })
    const client: oauth.Client = { client_id: registered.client_id }
    const codeVerifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const nonce = oauth.generateRandomNonce()
    const url = new URL(as.authorization_endpoint ?? '')
    url.search = new URLSearchParams({
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid',
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }).toString()
    const { url: answer } = await aPerson().visit(url.href)

    const elsewhere = new URL(answer)
    elsewhere.searchParams.set('iss', 'https://evil.test')
    expect(() => oauth.validateAuthResponse(as, client, elsewhere, state)).toThrow(/iss/)
    const anonymous = new URL(answer)
    anonymous.searchParams.delete('iss')
    expect(() => oauth.validateAuthResponse(as, client, anonymous, state)).toThrow(/iss/)
    expect(() => oauth.validateAuthResponse(as, client, answer, 'another')).toThrow(/state/)

    const callback = oauth.validateAuthResponse(as, client, answer, state)
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      oauth.None(),
      callback,
      REDIRECT_URI,
      codeVerifier,
      insecure,
    )
    const body = (await response.clone().json()) as { id_token: string }
    const process = (answered: Response) =>
      oauth.processAuthorizationCodeResponse(as, client, answered, {
        expectedNonce: nonce,
        requireIdToken: true,
      })
    const corruptions: readonly (readonly [string, object, object])[] = [
      ['issuer', {}, { iss: 'https://evil.test' }],
      ['nonce', {}, { nonce: 'another' }],
      ['audience', {}, { aud: 'another' }],
      ['algorithm', { alg: 'RS256' }, {}],
      ['algorithm', { alg: 'none' }, {}],
      ['expiry', {}, { exp: 1 }],
    ]
    for (const [what, header, claims] of corruptions) {
      const id_token = corrupt(body.id_token, header, claims)
      await expect(process(Response.json({ ...body, id_token })), what).rejects.toThrow()
    }
    const tokens = await process(response)
    await oauth.validateApplicationLevelSignature(as, response, insecure)
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ nonce, aud: client.client_id })
  })

  it('pushes a bound request, refreshes, introspects, reads userinfo and revokes', async () => {
    const as = await discover()
    const registered = await register({
      type: 'confidential',
      token_endpoint_auth_method: 'client_secret_post',
    })
    const client: oauth.Client = { client_id: registered.client_id }
    const proof = oauth.ClientSecretPost(registered.client_secret ?? '')
    const dpop = { ...insecure, DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) }
    const codeVerifier = oauth.generateRandomCodeVerifier()
    const parameters = {
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid email',
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }
    const pushed = await oauth.processPushedAuthorizationResponse(
      as,
      client,
      await oauth.pushedAuthorizationRequest(as, client, proof, parameters, dpop),
    )
    const query = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri })
    const person = aPerson()
    const { url } = await person.visit(`${as.authorization_endpoint}?${query}`)
    const callback = oauth.validateAuthResponse(as, client, url)
    const first = await oauth.processAuthorizationCodeResponse(
      as,
      client,
      await oauth.authorizationCodeGrantRequest(
        as,
        client,
        proof,
        callback,
        REDIRECT_URI,
        codeVerifier,
        dpop,
      ),
    )
    const next = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, proof, first.refresh_token ?? '', dpop),
    )
    const subject = oauth.getValidatedIdTokenClaims(first)?.sub ?? ''
    const info = await oauth.userInfoRequest(as, client, next.access_token, dpop)
    expect(await oauth.processUserInfoResponse(as, client, subject, info)).toMatchObject({
      email: person.email,
    })
    const introspect = async () =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, proof, next.access_token, insecure),
      )
    expect(await introspect()).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: expect.any(String) },
    })
    const revoked = await oauth.revocationRequest(as, client, proof, next.refresh_token ?? '', insecure)
    await oauth.processRevocationResponse(revoked)
    expect(await introspect()).toEqual({ active: false })
  })

  it('connects a device, and gets tokens in its own name', async () => {
    const as = await discover()
    const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
    const registered = await register({
      kind: 'first_party',
      type: 'confidential',
      scopes: ['read'],
      grant_types: [deviceGrant, 'client_credentials'],
    })
    const client: oauth.Client = { client_id: registered.client_id }
    const proof = oauth.ClientSecretBasic(registered.client_secret ?? '')
    const started = await oauth.processDeviceAuthorizationResponse(
      as,
      client,
      await oauth.deviceAuthorizationRequest(as, client, proof, { scope: 'read' }, insecure),
    )
    await aPerson().visit(started.verification_uri_complete ?? '')
    const polled = await oauth.deviceCodeGrantRequest(as, client, proof, started.device_code, insecure)
    expect((await oauth.processDeviceCodeResponse(as, client, polled)).scope).toBe('read')
    const own = await oauth.clientCredentialsGrantRequest(as, client, proof, { scope: 'read' }, insecure)
    expect((await oauth.processClientCredentialsResponse(as, client, own)).refresh_token).toBeUndefined()
  })

  function corrupt(jwt: string, header: object, claims: object): string {
    const [head = '', payload = '', signature] = jwt.split('.')
    const change = (part: string, changes: object) => {
      const value = JSON.parse(Buffer.from(part, 'base64url').toString()) as object
      return Buffer.from(JSON.stringify({ ...value, ...changes })).toString('base64url')
    }
    return [change(head, header), change(payload, claims), signature].join('.')
  }
})

describe('a client that knows only the simplest flow', () => {
  it('authorizes, gets a token with its secret in the form, asks who it is, refreshes and logs out', async () => {
    const client = await register({
      type: 'confidential',
      token_endpoint_auth_method: 'client_secret_post',
      scopes: ['read'],
    })
    const verifier = randomBytes(32).toString('base64url')
    const query = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      state: 'x',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    const { url } = await aPerson().visit(`/oauth2/authorize?${query}`)
    const secret = { client_id: client.client_id, client_secret: client.client_secret ?? '' }
    const token = async (parameters: Record<string, string>) => {
      const body = new URLSearchParams({ ...secret, ...parameters })
      const response = await fetch(`${service.origin}/oauth2/token`, { method: 'POST', body })
      return (await response.json()) as Record<string, string>
    }
    const whoami = async (accessToken: string | undefined) => {
      const response = await fetch(`${service.origin}/ping/whoami`, {
        headers: { authorization: `Bearer ${accessToken}` },
      })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    const first = await token({
      grant_type: 'authorization_code',
      redirect_uri: REDIRECT_URI,
      code: url.searchParams.get('code') ?? '',
      code_verifier: verifier,
    })
    expect(first).toMatchObject({
      token_type: 'Bearer',
      client_id: client.client_id,
      user_id: expect.any(String),
    })
    expect((await whoami(first.access_token)).body).toMatchObject({
      authenticated: true,
      user_id: first.user_id,
    })
    const second = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' })
    expect(await whoami(first.access_token)).toMatchObject({ status: 401, body: { code: 'token_rotated' } })
    const headers = { authorization: `Bearer ${second.access_token}` }
    expect((await fetch(`${service.origin}/oauth2/logout`, { method: 'POST', headers })).status).toBe(204)
    expect(await whoami(second.access_token)).toMatchObject({ status: 401, body: { code: 'session_ended' } })
  })

  it('AZ-05: gets its answer as a form, where it asks for that', async () => {
    const client = await register({ kind: 'first_party' })
    const query = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      response_mode: 'form_post',
      state: 'x',
      code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
      code_challenge_method: 'S256',
    })
    const { html } = await aPerson().visit(`/oauth2/authorize?${query}`)
    expect(formsOf(html)).toMatchObject([
      {
        action: REDIRECT_URI,
        fields: { state: 'x', iss: service.origin, code: expect.stringMatching(/^a_/) },
      },
    ])
  })
})
