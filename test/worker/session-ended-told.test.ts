// A device whose session has ended is told by whom, when and where: the browser on its way to sign in, an app where its
// token is refused. Nobody else is told anything.
import { describe, expect, it, vi } from 'vitest'
import { SESSION_END_TOLD_SECONDS, SESSION_IDLE_SECONDS } from '../../src/domain/limits.ts'
import { texts } from '../../src/pages/texts.ts'
import { randomSecret } from '../../src/tokens/random.ts'
import { connect, createApp } from './support/authorize.ts'
import { type Browser, browser, SAME_ORIGIN, signInBrowser } from './support/browser.ts'
import { disownAll } from './support/notices.ts'
import { AT_TOKEN_ENDPOINT, createParty, proven } from './support/party.ts'
import { FIREFOX, seenFrom } from './support/seen-from.ts'
import { admin, bearer, createService, form, freshAddress, json, type Service } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const { reasons, settings, title } = texts.endedSession
const NEW_DEVICE = { userAgent: FIREFOX, country: 'PT', city: 'Lisbon' }
const rfc3339 = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000', '')

/** The block of the sign-in page, without its tags; null where there is none. */
async function told(who: Browser): Promise<string | null> {
  const response = await who.get('/sign-in')
  expect(response.status).toBe(200)
  const block = /<section class="notice ended".*<\/section>/s.exec(await response.text())?.[0]
  return block?.replaceAll(/<[^>]*>/g, '') ?? null
}

async function change(who: Browser, path: string, body: unknown, method = 'POST'): Promise<void> {
  await who.get('/account')
  const headers = { 'Content-Type': 'application/json', ...SAME_ORIGIN, 'X-CSRF-Token': who.csrfToken ?? '' }
  const response = await who.send(path, { ...json(body, method), headers })
  expect(response.status, await response.clone().text()).toBe(200)
}

const oneDevice = (who: Browser, on = true) =>
  change(
    who,
    '/v1/preferences',
    { one_session_per_client: false, one_device: on, notify: { new_sign_in: 'never' } },
    'PUT',
  )

const idsOf = (who: Browser) => (who.cookie('__Host-session') as string).split('.') as [string, string]

const post = (service: Service, path: string, init: RequestInit = {}) =>
  service.request(`/admin/v1/users/${path}`, admin(service, { method: 'POST', ...init }))

/** The sign-in page as this cookie gets it, with the anti-forgery token of one and the same page. */
const pageWith = async (service: Service, who: Browser, session: string | null) => {
  const csrf = `__Host-csrf=${who.cookie('__Host-csrf')}`
  const cookies = session === null ? csrf : `${csrf}; __Host-session=${session}`
  return (await service.request('/sign-in', { headers: { Cookie: cookies } })).text()
}

describe('a browser whose session has ended', () => {
  it('SE-10: is told on the sign-in page by whom, when and where, until it signs in again', async () => {
    const watch = watchDatabases()
    const service = createService(watch.bindings)
    const email = freshAddress()
    const old = await signInBrowser(service, email)
    await oneDevice(old)
    await signInBrowser(service, email, browser(seenFrom(service, NEW_DEVICE)))
    const replacedAt = service.now
    service.now += 2 * 3_600

    const sent = await old.get('/account')
    expect([sent.status, sent.headers.get('Location')]).toEqual([303, '/sign-in'])
    watch.statements.length = 0
    const block = await told(old)
    // One of them: whether the database has given its user to another.
    expect(watch.statements.length).toBeLessThanOrEqual(4)
    for (const words of [title, '2 hours ago', settings.one_device, 'Firefox on Windows', 'Lisbon, Portugal'])
      expect(block).toContain(words)
    expect(await (await old.get('/sign-in')).text()).toContain(
      `datetime="${rfc3339(replacedAt).slice(0, 19)}`,
    )

    // Signing in again is the end of it, and so is signing out.
    await signInBrowser(service, email, old)
    expect(await told(old)).toBeNull()
    await old.get('/account')
    await old.post('/sign-out')
    expect(await told(old)).toBeNull()
  })

  it('SE-10: however its session ended', async () => {
    const service = createService()
    const email = freshAddress()
    const newlySignedIn = () => signInBrowser(service, email)
    const { client_id } = await createClient(service, { name: 'Ferry & <b>co</b>' })
    const ends = [
      async (who: Browser) => {
        const { access_token } = await signIn(service, client_id, email)
        const [, id] = idsOf(who)
        await service.request(`/v1/sessions/${id}`, bearer(access_token, { method: 'DELETE' }))
        return ['ended_by_user', 'Signed in to Ferry &amp; &lt;b&gt;co&lt;/b&gt;'] as const
      },
      async (who: Browser) => {
        await post(service, `${idsOf(who)[0]}/revoke-sessions`)
        return ['ended_by_operator', null] as const
      },
      async (who: Browser) => {
        // The cookie was copied, and whoever has the copy signs out.
        await who.get('/account')
        const names = ['__Host-session', '__Host-csrf']
        const Cookie = names.map(name => `${name}=${who.cookie(name)}`).join('; ')
        const init = form({ csrf_token: who.csrfToken ?? '' })
        await service.request('/sign-out', { ...init, headers: { ...init.headers, ...SAME_ORIGIN, Cookie } })
        return ['signed_out', null] as const
      },
      async () => {
        service.now += SESSION_IDLE_SECONDS
        return ['expired', null] as const
      },
      async (who: Browser) => {
        await post(service, `${idsOf(who)[0]}/disable`)
        return ['user_disabled', null] as const
      },
    ]
    for (const end of ends) {
      const who = await newlySignedIn()
      const [reason, by] = await end(who)
      const block = await told(who)
      expect(block, reason).toContain(reasons[reason].next)
      if (by === null) expect(block).not.toContain('Signed in to')
      else expect(block).toContain(by)
    }
  })

  it('SE-11: is told who said “That wasn’t me”: somebody signed in, or whoever has the email', async () => {
    const service = createService()
    const email = freshAddress()
    const first = await signInBrowser(service, email)
    const second = await signInBrowser(service, email)
    const third = await signInBrowser(service, email)
    await first.get('/account')
    await first.post('/account/sessions/not-me', { session_id: idsOf(second)[1] })
    expect(await told(second)).toContain('somebody signed in to your account said')
    expect(await told(second)).not.toContain('our email')
    await disownAll(service, email)
    expect(await told(third)).toContain('somebody with our email')
  })

  it('SE-10: is told for some days, of its own account while that exists, and signs in without storage too', async () => {
    const watch = watchDatabases()
    const service = createService(watch.bindings)
    const who = await signInBrowser(service, freshAddress())
    const [userId] = idsOf(who)
    await post(service, `${userId}/revoke-sessions`)
    service.now += SESSION_END_TOLD_SECONDS - 1
    expect(await told(who)).toContain(title)
    watch.refuses = () => true
    expect(await told(who)).toBeNull()
    watch.refuses = () => false
    service.now += 1
    expect(await told(who)).toBeNull()
    service.now -= 1
    await service.request(`/admin/v1/users/${userId}`, admin(service, { method: 'DELETE' }))
    expect(await told(who)).toBeNull()
  })

  it('SE-12, EB-08: with an invented, a changed or no tag it is told nothing, and nothing is read', async () => {
    const watch = watchDatabases()
    const service = createService(watch.bindings)
    const who = await signInBrowser(service, freshAddress())
    const [userId, sessionId] = idsOf(who)
    const cookie = who.cookie('__Host-session') as string
    await post(service, `${userId}/revoke-sessions`)
    await who.get('/sign-in')
    const plain = await pageWith(service, who, null)
    expect(await pageWith(service, who, cookie)).not.toBe(plain)

    const head = cookie.slice(0, cookie.lastIndexOf('.'))
    watch.statements.length = 0
    for (const forged of [
      `${userId}.${sessionId}.${randomSecret()}.${randomSecret()}`,
      `${head}.${randomSecret()}`,
      head,
      `${head}.`,
      cookie.replace(sessionId, idsOf(await signInBrowser(createService(), freshAddress()))[1]),
      `${cookie}.x`,
      'x',
    ])
      expect(await pageWith(service, who, forged)).toBe(plain)
    expect(watch.statements).toEqual([])
  })
})

describe('an app whose session has ended', () => {
  const whoami = async (service: Service, { access_token }: Pick<Tokens, 'access_token'>) => {
    const response = await service.request('/ping/whoami', bearer(access_token))
    expect(response.status).toBe(401)
    return (await response.json()) as Record<string, unknown>
  }
  const named = (by: unknown, client_id: string) => ({
    client: { id: client_id, name: 'Test app' },
    device: { name: by, kind: 'desktop', os: 'Windows', browser: 'Firefox' },
    place: { country: 'PT', city: 'Lisbon' },
  })

  it('SE-10: is told by the refusal by whom, when and where', async () => {
    const service = createService()
    const elsewhere = seenFrom(service, NEW_DEVICE)
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const first = await signIn(service, client_id, email)
    const second = await signIn(elsewhere, client_id, email, { device_name: '<b>laptop</b>' })
    const at = rfc3339(service.now)
    service.now += 9
    expect(await whoami(service, first)).toMatchObject({
      code: 'session_replaced',
      ended_at: at,
      replaced_by: { ...named('<b>laptop</b>', client_id), at },
    })
    // Whoever replaced it may be gone meanwhile.
    const other = await createClient(service)
    const third = await signIn(elsewhere, other.client_id, email)
    await service.request('/v1/sessions/revoke-others', bearer(third.access_token, json({ client_id: '*' })))
    expect(await whoami(service, first)).toMatchObject({
      replaced_by: { ...named('<b>laptop</b>', client_id), at },
    })
    const ended = await whoami(service, second)
    expect(ended).toMatchObject({ code: 'session_ended', reason: 'ended_by_user' })
    expect(ended.by).toEqual({ kind: 'session', ...named(null, other.client_id) })
    expect(ended).not.toHaveProperty('replaced_by')
    await post(service, `${third.user_id}/revoke-sessions`)
    expect((await whoami(service, third)).by).toEqual({ kind: 'operator' })
  })

  it('SE-12: of others, without scope to read the list, learns only what kind of actor it was', async () => {
    const service = createService()
    const who = await signInBrowser(service, freshAddress())
    const kept = await connect(await createApp(service, { kind: 'third_party' }), who)
    await change(who, '/v1/sessions/revoke-others', { client_id: '*' })
    const refused = await whoami(service, kept)
    expect(refused).toMatchObject({ code: 'session_ended', reason: 'ended_by_user' })
    expect(refused.by).toEqual({ kind: 'session' })
    // Its own newer session is no exception.
    const app = await createApp(service, { kind: 'third_party' })
    const replaced = await connect(app, who)
    await connect(app, who)
    const answer = await whoami(service, replaced)
    expect(answer).toMatchObject({ code: 'session_replaced', reason: 'replaced' })
    expect(answer).not.toHaveProperty('replaced_by')
  })

  it('OA-09, SE-12: with a token that is bound to a key, learns where only with its proof', async () => {
    const service = createService()
    const party = await createParty()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const attempt = await requestLink(service, client_id, email)
    const request: Service['request'] = async (path, init = {}) =>
      service.request(path, proven(init, await party.proof(service, AT_TOKEN_ENDPOINT)))
    const { access_token } = await (await redeem({ ...service, request }, attempt)).json<Tokens>()
    await signIn(service, client_id, email)
    const bare = await whoami(service, { access_token })
    expect(bare).toMatchObject({ code: 'session_replaced' })
    expect(bare).not.toHaveProperty('replaced_by')
    const proof = await party.proof(service, { request: 'GET /ping/whoami', accessToken: access_token })
    const headers = { Authorization: `DPoP ${access_token}`, DPoP: proof }
    const answer = await service.request('/ping/whoami', { headers })
    expect(await answer.json()).toMatchObject({ replaced_by: { client: { id: client_id } } })
  })

  it('EB-08: costs one read on that refusal, and none anywhere else; without it the refusal stands', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const watch = watchDatabases()
    const service = createService(watch.bindings)
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const first = await signIn(service, client_id, email)
    const second = await (await refresh(service, await signIn(service, client_id, email))).json<Tokens>()
    const third = await (await refresh(service, second)).json<Tokens>()
    const readsOf = async (token: string) => {
      watch.statements.length = 0
      await service.request('/ping/whoami', bearer(token))
      return watch.statements.filter(sql => /entropy_buckets|user_events/.test(sql)).length
    }
    expect(await readsOf(third.access_token)).toBe(1)
    expect(await readsOf(second.access_token)).toBe(1)
    expect(await readsOf(first.access_token)).toBe(2)
    expect(await readsOf(`${first.access_token}A`)).toBe(0)
    service.now += 599
    expect(await readsOf(first.access_token)).toBe(2)
    watch.refuses = sql => sql.includes('user_events')
    const bare = await whoami(service, first)
    expect(bare).toMatchObject({ code: 'session_replaced', reason: 'replaced' })
    expect(bare).not.toHaveProperty('replaced_by')
    watch.refuses = () => false
    service.now += 1
    expect(await readsOf(first.access_token)).toBe(0)
  })
})
