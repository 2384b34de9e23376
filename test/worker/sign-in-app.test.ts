import { beforeAll, describe, expect, it } from 'vitest'
import { pkceChallenge } from '../../src/tokens/digest.ts'
import { dump } from './support/dump.ts'
import { bearer, createService, freshAddress } from './support/service.ts'
import {
  type Attempt,
  createClient,
  redeem,
  requestLink,
  signIn,
  type Tokens,
  verifier,
} from './support/sign-in.ts'

const service = createService()
let clientId = ''
beforeAll(async () => {
  clientId = (await createClient(service)).client_id
})

const errorOf = async (response: Response) => {
  const { error, code } = (await response.json()) as { error?: string; code?: string }
  return [response.status, error, code]
}

const INVALID_GRANT = [400, 'invalid_grant', undefined]
const BOTH_WAYS = ['link', 'code'] as const

describe('signing in, in an app', () => {
  it.each([
    ['link', 50],
    ['code', 20],
  ] as const)('ML-03: by %s: one attempt, one session, also when %i redeem it at once', async (by, times) => {
    const attempt = await requestLink(service, clientId, freshAddress())
    const answers = await Promise.all(Array.from({ length: times }, () => redeem(service, attempt, by)))
    const good = answers.filter(({ status }) => status === 200)
    expect(good).toHaveLength(1)
    for (const refused of answers.filter(each => !good.includes(each))) {
      expect(await errorOf(refused)).toEqual(INVALID_GRANT)
    }
    const tokens = (await good[0]?.json()) as Tokens
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      expires_in: 600,
      client_id: clientId,
    })
    expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(200)
    const other = by === 'link' ? 'code' : 'link'
    expect(await errorOf(await redeem(service, attempt, other))).toEqual(INVALID_GRANT)
  })

  it.each(BOTH_WAYS)('ML-02: by %s: at 9:59 it works, at 10:00 it does not', async by => {
    const clocked = createService()
    const [inTime, late] = [
      await requestLink(clocked, clientId, freshAddress()),
      await requestLink(clocked, clientId, freshAddress()),
    ]
    clocked.now += 599
    expect((await redeem(clocked, inTime, by)).status).toBe(200)
    clocked.now += 1
    expect(await errorOf(await redeem(clocked, late, by))).toEqual(INVALID_GRANT)
  })

  it.each<[string, (attempt: Attempt) => Promise<Attempt>]>([
    ['another verifier', async attempt => ({ ...attempt, codeVerifier: verifier() })],
    ['the challenge as verifier', async a => ({ ...a, codeVerifier: await pkceChallenge(a.codeVerifier) })],
    ['another client', async attempt => ({ ...attempt, clientId: (await createClient(service)).client_id })],
  ])('ML-05: with %s nothing is signed in and nothing is spent', async (_what, change) => {
    for (const by of BOTH_WAYS) {
      // In a network of its own: many such tries from one are a burst, which operators are told of.
      const service = createService()
      const attempt = await requestLink(service, clientId, freshAddress())
      const wrong = await change(attempt)
      const before = await dump(service)
      for (let nth = 0; nth < 6; nth++) {
        expect(await errorOf(await redeem(service, wrong, by))).toEqual(INVALID_GRANT)
      }
      expect(await dump(service)).toBe(before)
      expect((await redeem(service, attempt, by)).status).toBe(200)
    }
  })

  it('ML-09: five wrong codes end code and link; wrong codes without the verifier count for nothing', async () => {
    const attempt = await requestLink(service, clientId, freshAddress())
    const code = attempt.code.startsWith('B') ? 'CCCC-CCCC' : 'BBBB-BBBB'
    const stranger = { ...attempt, codeVerifier: verifier() }
    for (let nth = 0; nth < 6; nth++) await redeem(service, { ...stranger, code }, 'code')
    const spare = await requestLink(service, clientId, freshAddress())
    for (let nth = 0; nth < 4; nth++) await redeem(service, { ...spare, code }, 'code')
    expect((await redeem(service, spare, 'code')).status).toBe(200)
    await Promise.all(Array.from({ length: 5 }, () => redeem(service, { ...attempt, code }, 'code')))
    for (const by of BOTH_WAYS)
      expect(await errorOf(await redeem(service, attempt, by))).toEqual(INVALID_GRANT)
  })

  it('is one way or the other: token beside code or id is invalid_request and spends nothing', async () => {
    const attempt = await requestLink(service, clientId, freshAddress())
    for (const more of [{ code: attempt.code }, { sign_in_id: attempt.signInId }]) {
      expect(await errorOf(await redeem(service, attempt, 'link', more))).toEqual([
        400,
        'invalid_request',
        undefined,
      ])
    }
    for (const missing of ['code', 'sign_in_id', 'code_verifier']) {
      const refused = await redeem(service, attempt, 'code', { [missing]: '' })
      expect(await errorOf(refused)).toEqual([400, 'invalid_request', undefined])
    }
    expect((await redeem(service, attempt)).status).toBe(200)
  })
})

describe('a client that allows one session and refuses a second', () => {
  it.each(BOTH_WAYS)(
    'SE-08: by %s: access_denied, session_limit_reached; the attempt is spent, nothing else',
    async by => {
      const session_rule = { limit: 1, at_limit: 'refuse' }
      const { client_id } = await createClient(service, { session_rule })
      const email = freshAddress()
      const first = await signIn(service, client_id, email)
      const attempt = await requestLink(service, client_id, email)
      const limitReached = [400, 'access_denied', 'session_limit_reached']
      expect(await errorOf(await redeem(service, attempt, by))).toEqual(limitReached)
      expect((await service.request('/ping/whoami', bearer(first.access_token))).status).toBe(200)
      await service.request('/oauth2/logout', bearer(first.access_token, { method: 'POST' }))
      for (const again of BOTH_WAYS) {
        expect((await redeem(service, attempt, again)).status).toBe(400)
      }
      expect((await redeem(service, await requestLink(service, client_id, email), by)).status).toBe(200)
    },
  )
})
