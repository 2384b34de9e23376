// Sessions and their credentials: what is issued, what is adopted (nothing), and what logout ends.
import { describe, expect, it } from 'vitest'
import { browser, signInBrowser } from './support/browser.ts'
import { seedSessions } from './support/many.ts'
import { bearer, createService, form, freshAddress, type Service } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType } from './support/stored.ts'

const whoami = (service: Service, token: string) => service.request('/ping/whoami', bearer(token))
const list = (service: Service, token: string) => service.request('/v1/sessions', bearer(token))
const handleOf = (tokens: Tokens): string => JSON.parse(atob(tokens.access_token.split('.')[1] as string)).sid

describe('identifiers', () => {
  it('SE-01: a hundred sessions share no secret, and each has 256 random bits in token, cookie and bucket', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const tokens = await seedSessions(service, client_id, freshAddress(), 100)
    const buckets = tokens.map(
      each => JSON.parse(atob(each.access_token.split('.')[1] as string)).eb as string,
    )
    const secrets = tokens.map(each => (each.refresh_token.split('.').at(-1) as string).slice(0, 43))
    for (const values of [buckets, secrets]) {
      expect(new Set(values).size).toBe(100)
      for (const value of values) expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/)
      // Random: no character stands where another one never does.
      const first = new Set(values.map(value => value[0]))
      expect(first.size).toBeGreaterThan(25)
    }
    const signedIn = await signInBrowser(service, freshAddress())
    expect(signedIn.cookie('__Host-session')?.split('.')[2]).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it('SE-02: an invented cookie is never adopted: not as a session, and not by a sign-in', async () => {
    const service = createService()
    const email = freshAddress()
    const victim = await signInBrowser(service, email)
    const [userId, sessionId] = (victim.cookie('__Host-session') as string).split('.')
    const invented = [
      `${userId}.${sessionId}.${'A'.repeat(43)}`,
      `${userId}.s_aaAAAAAAAAAAAAAAAAAAAAAA.${'A'.repeat(43)}`,
      'planted',
    ]
    for (const cookie of invented) {
      const headers = { Cookie: `__Host-session=${cookie}` }
      expect((await service.request('/v1/sessions', { headers })).status).toBe(401)
      expect((await service.request('/account', { headers })).headers.get('Location')).toBe('/sign-in')

      const own = freshAddress()
      const attacked = browser({ ...service, request: withCookie(service, cookie) })
      await signInBrowser(service, own, attacked)
      const adopted = attacked.cookie('__Host-session')
      expect(adopted).toBeTypeOf('string')
      expect(adopted).not.toBe(cookie)
      expect(adopted?.split('.')[1]).not.toBe(sessionId)
    }
    expect((await victim.get('/v1/sessions/current')).status).toBe(200)
  })

  it('SE-03: every sign-in has identifiers of its own, and those of the former stop working', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const former = await signIn(service, client_id, email)
    const newer = await signIn(service, client_id, email)
    expect(handleOf(newer)).not.toBe(handleOf(former))
    for (const name of ['access_token', 'refresh_token', 'id_token'] as const) {
      expect(newer[name]).not.toBe(former[name])
    }
    expect((await whoami(service, former.access_token)).status).toBe(401)
    expect((await refresh(service, former)).status).toBe(400)
    expect((await whoami(service, newer.access_token)).status).toBe(200)
  })

  it('SE-12: a handle opens nothing, as cookie, bearer, refresh token or anything else', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    const handle = handleOf(tokens)
    const guesses = [
      handle,
      `${tokens.user_id}.${handle}`,
      `${tokens.user_id}.${handle}.${handle}`,
      `${handle}.1`,
    ]
    for (const guess of guesses) {
      expect((await list(service, guess)).status).toBe(401)
      expect((await whoami(service, guess)).status).toBe(401)
      for (const name of ['__Host-session', '__Host-sign-in']) {
        const headers = { Cookie: `${name}=${guess}` }
        expect((await service.request('/v1/sessions', { headers })).status).toBe(401)
      }
      const guessed = { client_id, refresh_token: guess }
      expect((await refresh(service, guessed)).status).toBe(400)
      expect((await refresh(service, { client_id, refresh_token: `r_${guess}` })).status).toBe(400)
    }
    expect((await whoami(service, tokens.access_token)).status).toBe(200)
  })
})

/** A browser into which somebody planted a session cookie before its sign-in. */
const withCookie =
  (service: Service, planted: string): Service['request'] =>
  (path, init = {}) => {
    const headers = new Headers(init.headers)
    const cookies = headers.get('Cookie') ?? ''
    if (!cookies.includes('__Host-session=')) {
      headers.set('Cookie', [cookies, `__Host-session=${planted}`].filter(Boolean).join('; '))
    }
    return service.request(path, { ...init, headers })
  }

describe('stored state', () => {
  it('SE-04: what the store says counts on the very next request', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress())
    const signedIn = await signInBrowser(service, freshAddress())
    expect((await whoami(service, tokens.access_token)).status).toBe(200)
    expect((await signedIn.get('/v1/sessions')).status).toBe(200)

    const [userId, sessionId] = (signedIn.cookie('__Host-session') as string).split('.') as [string, string]
    await service.parts.shards
      .of(tokens.user_id)
      .prepare(
        "UPDATE entropy_buckets SET retired_at = ?, retired_reason = 'signed_out' WHERE session_id = ?",
      )
      .bind(service.now, handleOf(tokens))
      .run()
    await service.parts.shards
      .of(userId)
      .prepare('DELETE FROM sessions WHERE user_id = ? AND id = ?')
      .bind(userId, sessionId)
      .run()
    expect((await whoami(service, tokens.access_token)).status).toBe(401)
    expect((await list(service, tokens.access_token)).status).toBe(401)
    expect((await signedIn.get('/v1/sessions')).status).toBe(401)
    expect((await signedIn.get('/account')).headers.get('Location')).toBe('/sign-in')
  })
})

describe('logout', () => {
  type Logout = (service: Service, tokens: Tokens) => Promise<Response>
  const revoke = (name: 'access_token' | 'refresh_token'): Logout => {
    return (service, tokens) =>
      service.request('/oauth2/revoke', form({ client_id: tokens.client_id, token: tokens[name] }))
  }
  const ways: [string, Logout, number][] = [
    [
      '/oauth2/logout',
      (s, t) => s.request('/oauth2/logout', bearer(t.access_token, { method: 'POST' })),
      204,
    ],
    ['revoking the refresh token', revoke('refresh_token'), 200],
    ['revoking the access token', revoke('access_token'), 200],
  ]

  it.each(ways)(
    'SE-07: by %s: every credential of the session is dead at once',
    async (_, logout, status) => {
      const service = createService()
      const { client_id } = await createClient(service)
      const first = await signIn(service, client_id, freshAddress())
      const tokens = await (await refresh(service, first)).json<Tokens>()
      expect((await logout(service, tokens)).status).toBe(status)

      const replayed = await whoami(service, tokens.access_token)
      expect([replayed.status, await replayed.json()]).toMatchObject([401, { code: 'session_ended' }])
      expect((await whoami(service, first.access_token)).status).toBe(401)
      expect((await list(service, tokens.access_token)).status).toBe(401)
      // The former one too, though its grace of ten seconds has not passed.
      for (const each of [tokens, first]) {
        const answer = await refresh(service, each)
        expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_grant' }])
      }
      const { events, live } = await checkHistory(service, tokens.user_id)
      expect(live).toEqual([])
      expect(eventsOfType(events, 'session.ended').map(event => event.reason)).toEqual(['signed_out'])
      // Once more is answered like any dead token, and is no second event.
      expect([200, 401]).toContain((await logout(service, tokens)).status)
      expect((await checkHistory(service, tokens.user_id)).events).toHaveLength(events.length)
    },
  )

  it('SE-07: of a browser: its cookie is dead, with or without its anti-forgery token', async () => {
    const service = createService()
    const signedIn = await signInBrowser(service, freshAddress())
    const cookie = signedIn.cookie('__Host-session') as string
    await signedIn.get('/account')
    const csrf = { nonce: signedIn.cookie('__Host-csrf'), token: signedIn.csrfToken ?? '' }
    await signedIn.post('/sign-out')
    expect(signedIn.cookie('__Host-session')).toBeUndefined()

    const headers = {
      Cookie: `__Host-session=${cookie}; __Host-csrf=${csrf.nonce}`,
      'X-CSRF-Token': csrf.token,
    }
    for (const [method, path] of [
      ['GET', '/v1/sessions'],
      ['GET', '/v1/events'],
      ['POST', '/v1/sessions/revoke-all'],
      ['PUT', '/v1/preferences'],
    ] as const) {
      expect([path, (await service.request(path, { method, headers })).status]).toEqual([path, 401])
    }
  })

  it('SE-07: a client cannot end another client’s session, and is not told', async () => {
    const service = createService()
    const [own, other] = [await createClient(service), await createClient(service)]
    const tokens = await signIn(service, own.client_id, freshAddress())
    for (const token of [tokens.refresh_token, tokens.access_token]) {
      const revoked = await service.request('/oauth2/revoke', form({ client_id: other.client_id, token }))
      expect(revoked.status).toBe(200)
    }
    expect((await whoami(service, tokens.access_token)).status).toBe(200)
    expect((await refresh(service, tokens)).status).toBe(200)
  })
})
