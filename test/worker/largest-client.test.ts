// The client with the longest scopes and the longest audience: its tokens are taken like all others, signed and sealed.
import { expect, it } from 'vitest'
import { SCOPES_MAX_CHARS, TOKEN_MAX_CHARS, URI_MAX_CHARS } from '../../src/domain/limits.ts'
import {
  answerOf,
  authorizationRequest,
  createApp,
  exchange,
  follow,
  signInThere,
} from './support/authorize.ts'
import { browser } from './support/browser.ts'
import { confidentialClient } from './support/confidential.ts'
import { admin, bearer, createService, form, freshAddress, ISSUER, json } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
const most = ['openid', ...Array.from({ length: 48 }, (_, n) => `read.${n}`.padEnd(39, '.'))]
const scopes = [...most, 'x'.repeat(SCOPES_MAX_CHARS - most.join(' ').length - 1)]
const longUri = (name: string) => `https://${name}.test/`.padEnd(URI_MAX_CHARS, 'a')

const whoami = async ({ access_token }: Tokens) =>
  (await service.request('/ping/whoami', bearer(access_token))).status

it('I4 SE-07: whatever can be registered signs in, refreshes, is introspected and ended', async () => {
  const audience = longUri('api')
  const api = await confidentialClient(service, { audience })
  const { client_id } = await createClient(service, { scopes })

  const first = await signIn(service, client_id, freshAddress())
  expect(await whoami(first)).toBe(200)
  const answers = await Promise.all([0, 1].map(() => refresh(service, first)))
  const [next, same] = (await Promise.all(answers.map(answer => answer.json()))) as Tokens[]
  expect(next).toEqual(same)
  const long: Tokens = await (await refresh(service, next as Tokens, { resource: audience })).json()
  expect(long.access_token.length).toBeLessThan(TOKEN_MAX_CHARS)
  const told = await api.post('/oauth2/introspect', { token: long.access_token })
  expect(await told.json()).toMatchObject({ active: true, aud: audience, scope: scopes.join(' ') })
  const own: Tokens = await (await refresh(service, long, { resource: ISSUER })).json()
  expect(await whoami(own)).toBe(200)
  await service.request('/oauth2/revoke', form({ client_id, token: own.refresh_token }))
  expect(await whoami(own)).toBe(401)
})

it('I4 AZ-01: and so it does by way of the browser, for its longest audience', async () => {
  const redirect_uris = [longUri('app').slice(0, 1_500)]
  const app = await createApp(service, { scopes, audience: longUri('own'), redirect_uris })
  const who = browser(service)
  const { path, codeVerifier } = await authorizationRequest(app)
  const page = await follow(who, await who.get(path))
  const { code = '' } = answerOf(await signInThere(service, who, page, freshAddress()))
  const tokens: Tokens = await (await exchange(app, { code, codeVerifier })).json()
  expect(tokens.refresh_token.length).toBeLessThan(TOKEN_MAX_CHARS)
  const next = await refresh(service, tokens, { resource: ISSUER })
  expect(next.status).toBe(200)
  const last: Tokens = await next.json()
  await service.request('/oauth2/revoke', form({ client_id: app.clientId, token: last.refresh_token }))
  expect(await whoami(last)).toBe(401)
})

it.each([
  ['scopes', [...scopes.slice(1), 'x'.repeat(7)]],
  ['audience', `${longUri('api')}a`],
  ['audience', 'https://api.test/"'],
  ['audience', 'https://api.test/é'],
])('I4 CR-01: a client whose tokens could be longer is not registered: %s', async (field, value) => {
  const { client_id } = await createClient(service)
  const body = { name: 'Long', kind: 'first_party', type: 'public', scopes: ['read'], [field]: value }
  const made = await service.request('/admin/v1/clients', admin(service, json(body)))
  const path = `/admin/v1/clients/${client_id}`
  const changed = await service.request(path, admin(service, json({ [field]: value }, 'PATCH')))
  expect([made.status, changed.status]).toEqual([400, 400])
})
