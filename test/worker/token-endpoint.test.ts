// The rules of /oauth2/token whatever the grant: form in, JSON out, nothing kept by a cache, nothing repeated.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { refreshing } from './support/refreshing.ts'
import { createService, form, freshAddress } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
let clientId: string
let tokens: Tokens

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
  tokens = await signIn(service, clientId, freshAddress())
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const { isLive, use } = refreshing(service)
const MARKER = 'mArKeR'
type Fields = Readonly<Record<string, string>>

const send = (fields: Fields, headers: Fields = {}, path = '/oauth2/token') => {
  const init = form(fields)
  return service.request(path, { ...init, headers: { ...(init.headers as object), ...headers } })
}

/** RFC 6749 §5.2, RFC 8707 §2. */
const CODES = [
  ...['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type'],
  ...['invalid_scope', 'invalid_target'],
]

async function expectRefusal(response: Response): Promise<string> {
  const text = await response.text()
  expect([400, 401]).toContain(response.status)
  expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  expect(`${text}${[...response.headers]}`.toLowerCase()).not.toContain(MARKER.toLowerCase())
  const body = JSON.parse(text) as Record<string, string>
  expect(Object.keys(body).sort()).toEqual(['error', 'error_description'])
  expect(CODES).toContain(body.error)
  expect(body.error_description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/)
  return body.error ?? ''
}

describe('an answer', () => {
  it('TK-09: is JSON that no cache keeps, with the names of the contract', async () => {
    const attempt = await requestLink(service, clientId, freshAddress())
    const first = await redeem(service, attempt)
    const second = await refresh(service, (await first.clone().json()) as Tokens)
    for (const response of [first, second]) {
      expect(response.status).toBe(200)
      expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
      expect(response.headers.get('Cache-Control')).toBe('no-store')
      expect(await response.json()).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 600,
        scope: 'sessions openid read',
        refresh_token: expect.any(String),
        id_token: expect.any(String),
        client_id: clientId,
        user_id: expect.stringMatching(/^u_/),
      })
    }
  })

  it('TK-09: of refusal repeats nothing of what was sent, in whichever field', async () => {
    const attempt = await requestLink(service, clientId, freshAddress())
    const { codeVerifier: code_verifier, signInId: sign_in_id } = attempt
    // What is right but for one field.
    const requests: readonly (readonly [Fields, readonly string[]])[] = [
      [
        { grant_type: 'refresh_token', refresh_token: tokens.refresh_token },
        ['refresh_token', 'scope', 'resource'],
      ],
      [
        { grant_type: MAGIC_LINK_GRANT, token: attempt.token, code_verifier },
        ['token', 'code_verifier', 'resource'],
      ],
      [
        { grant_type: MAGIC_LINK_GRANT, sign_in_id, code: attempt.code, code_verifier },
        ['sign_in_id', 'code', 'code_verifier'],
      ],
    ]
    const hostile = [
      MARKER,
      `"${MARKER}"`,
      `${MARKER}\r\nX-Injected: ${MARKER}`,
      `<${MARKER}>`,
      `\u2028${MARKER}`,
    ]
    for (const [right, names] of requests) {
      for (const name of ['grant_type', 'client_id', 'client_secret', ...names]) {
        for (const value of hostile) {
          await expectRefusal(await send({ client_id: clientId, ...right, [name]: value }))
        }
      }
    }
    for (const Authorization of [`Basic ${btoa(`${MARKER}:x`)}`, MARKER]) {
      await expectRefusal(await send({ grant_type: 'refresh_token' }, { Authorization }))
    }
    expect(await isLive(tokens)).toBe(true)
  })
})

describe('a request', () => {
  const right = (): Fields => ({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: tokens.refresh_token,
  })

  it('TK-01: by another method is 405', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await service.request('/oauth2/token', { method })
      expect([method, response.status, response.headers.get('Allow')]).toEqual([method, 405, 'POST'])
    }
  })

  it('TK-01: with anything in the query is invalid_request', async () => {
    for (const query of [`?refresh_token=${tokens.refresh_token}`, `?client_id=${clientId}`, '?x']) {
      expect(await expectRefusal(await send(right(), {}, `/oauth2/token${query}`))).toBe('invalid_request')
    }
  })

  it('TK-01: in another type than a form is invalid_request', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '']) {
      expect(await expectRefusal(await send(right(), { 'Content-Type': type }))).toBe('invalid_request')
    }
    const json = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(right()),
    }
    expect(await expectRefusal(await service.request('/oauth2/token', json))).toBe('invalid_request')
  })

  it('TK-01: with a parameter twice is invalid_request, with an empty one is as if without it', async () => {
    for (const [name, value] of Object.entries(right())) {
      const init = form(right())
      const body = `${init.body}&${name}=${encodeURIComponent(value)}`
      const response = await service.request('/oauth2/token', { ...init, body })
      expect(await expectRefusal(response)).toBe('invalid_request')
      expect(await expectRefusal(await send({ ...right(), [name]: '' }))).toBe(
        name === 'client_id' ? 'invalid_client' : 'invalid_request',
      )
    }
  })

  it.each([
    ['password', 'unsupported_grant_type'],
    ['implicit', 'unsupported_grant_type'],
    ['REFRESH_TOKEN', 'unsupported_grant_type'],
    ['__proto__', 'unsupported_grant_type'],
    ['constructor', 'unsupported_grant_type'],
  ])('TK-10: for the grant %s is %s', async (grant_type, error) => {
    expect(await expectRefusal(await send({ ...right(), grant_type }))).toBe(error)
  })

  it('TK-07: of an unknown client and of a wrong secret are refused alike', async () => {
    const registration = { type: 'confidential', token_endpoint_auth_method: 'client_secret_post' }
    const { client_id } = await createClient(service, registration)
    const bodies = await Promise.all(
      ['c_unknown', 'account', client_id].map(async id => {
        const response = await send({ ...right(), client_id: id, client_secret: 'x' })
        return `${response.status} ${await response.text()}`
      }),
    )
    expect(new Set(bodies).size).toBe(1)
    expect(bodies[0]).toMatch(/^401 .*invalid_client/)
  })

  it('TK-09: that was right all the time still is', async () => {
    expect(await isLive(await use(tokens))).toBe(true)
  })
})
