import { beforeAll, describe, expect, it } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { askByApp } from './support/ask.ts'
import { dump } from './support/dump.ts'
import { expectRefusal, MARKER } from './support/routes.ts'
import { admin, bearer, createService, form, freshAddress, json } from './support/service.ts'
import { createClient, redeem, requestLink, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
let clientId = ''
let tokens: Tokens
beforeAll(async () => {
  clientId = (await createClient(service)).client_id
  tokens = await signIn(service, clientId, freshAddress())
})

const WRONG_TYPES = [
  null,
  1,
  1.5,
  -1,
  true,
  [],
  [MARKER],
  {},
  { [MARKER]: MARKER },
  '',
  `${MARKER}\u0000\r\n`,
]
const deep = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)

interface Target {
  readonly path: string
  readonly method: string
  readonly good: Readonly<Record<string, unknown>>
  /** Wrong values of each field, beside those of a wrong type. */
  readonly fields: Readonly<Record<string, readonly unknown[]>>
  /** Values from the common table that are right for this field. */
  readonly allows: Readonly<Record<string, readonly unknown[]>>
}

const TARGETS: readonly Target[] = [
  {
    path: '/v1/sign-ins',
    method: 'POST',
    good: { email: 'ann@x.test', code_challenge: 'A'.repeat(43), code_challenge_method: 'S256' },
    fields: {
      client_id: [MARKER, 'x'.repeat(60_000), '__proto__', 'constructor', "' OR 1=1 --"],
      email: [MARKER, `${MARKER}@`, 'x'.repeat(2_000)],
      scope: [MARKER, 'read\u0000', 'x'.repeat(2_000)],
      code_challenge: [MARKER, 'A'.repeat(42), 'A'.repeat(44)],
      code_challenge_method: [MARKER, 'plain', 's256'],
      device_name: ['x'.repeat(2_000)],
    },
    allows: { scope: [''], device_name: ['', `${MARKER}\u0000\r\n`] },
  },
  {
    path: '/v1/preferences',
    method: 'PUT',
    good: { one_session_per_client: true, one_device: false, notify: { new_sign_in: 'always' } },
    fields: {
      one_session_per_client: ['true', null],
      one_device: ['false', null],
      notify: [MARKER, { new_sign_in: MARKER }, { new_sign_in: true }, { new_sign_in: null }],
    },
    allows: { one_session_per_client: [true], one_device: [true] },
  },
  {
    path: '/v1/sessions/revoke-others',
    method: 'POST',
    good: {},
    fields: { client_id: ['x'.repeat(257)] },
    allows: { client_id: [`${MARKER}\u0000\r\n`] },
  },
  {
    path: '/v1/sessions/revoke-all',
    method: 'POST',
    good: {},
    fields: { include_apps: ['true', 'false'] },
    allows: { include_apps: [true] },
  },
]

describe('a field of the wrong type or value', () => {
  const cases = TARGETS.flatMap(target =>
    Object.entries(target.fields).map(([name, values]) => [target.path, name, target, values] as const),
  )

  it.each(cases)('AP-02: %s: %s is refused and changes nothing', async (_path, name, target, values) => {
    const before = await dump(service)
    const allowed = target.allows[name] ?? []
    for (const value of [...WRONG_TYPES, deep(1_000), ...values]) {
      if (allowed.includes(value)) continue
      const withClient = target.path === '/v1/sign-ins' ? { client_id: clientId } : {}
      const body = JSON.stringify({ ...withClient, ...target.good, [name]: value })
      const response = await service.request(
        target.path,
        bearer(tokens.access_token, {
          method: target.method,
          headers: { 'Content-Type': 'application/json' },
          body,
        }),
      )
      await expectRefusal(response, `${target.method} ${target.path} ${body.slice(0, 200)}`)
    }
    expect(await dump(service)).toBe(before)
  })

  it('AP-02: members of every object and unknown fields have no effect', async () => {
    const polluted = JSON.parse(
      `{"__proto__":{"scopes":["admin"],"polluted":1},"constructor":{"prototype":{"polluted":1}}}`,
    ) as Record<string, unknown>
    const privileged = {
      role: 'admin',
      user_id: 'u_x',
      sub: 'u_x',
      scopes: ['admin'],
      expires_in: 9e9,
      id: 'i_x',
    }
    const email = freshAddress()
    const asked = await askByApp(service, { client_id: clientId, email, ...privileged, ...polluted })
    expect(await asked.json()).toEqual({
      sign_in_id: expect.stringMatching(/^i_[a-z2-7]{2}/),
      expires_in: 600,
    })
    const attempt = await requestLink(service, clientId, email, { ...privileged })
    const answer = await redeem(service, attempt, 'link', {
      user_id: 'u_x',
      sub: 'u_x',
      scope: 'admin',
      __proto__: 'x',
      expires_in: '999999999',
    })
    const issued = (await answer.json()) as Tokens
    expect([issued.scope, issued.expires_in]).toEqual(['sessions openid read', 600])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    const client = await createClient(service, {
      ...privileged,
      ...polluted,
      secret_digest: 'x',
      secretDigest: 'x',
    })
    expect(Object.keys(client)).not.toContain('role')
    expect(client).toMatchObject({ scopes: ['admin'], type: 'public' })
  })

  it('AP-02: a parameter is read from the body alone, not from the query or a cookie', async () => {
    const attempt = await requestLink(service, clientId, freshAddress())
    const { token, codeVerifier } = attempt
    const fields = { grant_type: MAGIC_LINK_GRANT, client_id: clientId, code_verifier: codeVerifier }
    const cookie = { Cookie: `token=${token}`, 'Content-Type': 'application/x-www-form-urlencoded' }
    expect((await service.request('/oauth2/token', { ...form(fields), headers: cookie })).status).toBe(400)
    const asked = await service.request(`/v1/sign-ins?email=${freshAddress()}`, json({ client_id: clientId }))
    expect(asked.status).toBe(400)
    expect((await redeem(service, attempt)).status).toBe(200)
  })
})

describe('an id that nothing has', () => {
  const HOSTILE = [
    'unknown',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    '%00',
    '%FF%FE',
    '%0D%0A',
    '..%2F..%2F',
    "'%20OR%201=1--",
    '%25',
    '*',
    's_aaAAAAAAAAAAAAAAAAAAAAA',
    's_aaAAAAAAAAAAAAAAAAAAAAAAA',
    's_00AAAAAAAAAAAAAAAAAAAAAA',
    'u_aaAAAAAAAAAAAAAAAAAAAAAA',
    'i_aaAAAAAAAAAAAAAAAAAAAAAA',
    'x'.repeat(5_000),
  ]

  it('SE-12: is 404 wherever it stands, and changes nothing', async () => {
    const before = await dump(service)
    for (const id of HOSTILE) {
      for (const [method, path] of [
        ['GET', `/v1/sessions/${id}`],
        ['DELETE', `/v1/sessions/${id}`],
        ['GET', `/admin/v1/users/${id}`],
        ['DELETE', `/admin/v1/users/${id}`],
        ['GET', `/admin/v1/users/${id}/sessions`],
        ['GET', `/admin/v1/users/${id}/events`],
        ['POST', `/admin/v1/users/${id}/disable`],
        ['POST', `/admin/v1/users/${id}/enable`],
        ['POST', `/admin/v1/users/${id}/revoke-sessions`],
        ['GET', `/admin/v1/clients/${id}`],
        ['DELETE', `/admin/v1/clients/${id}`],
        ['POST', `/admin/v1/alarms/${id}/acknowledge`],
      ] as const) {
        const init = path.startsWith('/admin/v1')
          ? admin(service, { method })
          : bearer(tokens.access_token, { method })
        const code = await expectRefusal(await service.request(path, init), `${method} ${path.slice(0, 100)}`)
        expect(code).toBe('not_found')
      }
    }
    expect(await dump(service)).toBe(before)
  })
})
