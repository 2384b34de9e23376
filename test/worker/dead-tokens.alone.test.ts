// Every ordinary end of a token of ours: its holder is told why, and no alarm is raised, however dead it is.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import { alarmCount } from './support/alarms.ts'
import { claimsOf } from './support/leaked-key.ts'
import { admin, bearer, createService, form, freshAddress, json } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'

const service = createService()
let clientId: string
let otherClientId: string

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
  otherClientId = (await createClient(service)).client_id
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

interface Life {
  readonly email: string
  readonly tokens: Tokens
}

const post = (path: string, init: RequestInit = {}) =>
  service.request(path, admin(service, { method: 'POST', ...init }))
const rfc3339 = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000', '')

type Death = readonly [how: string, code: string, reason: string, kill: (life: Life) => Promise<Response>]

const DEATHS: readonly Death[] = [
  [
    'signed out',
    'session_ended',
    'signed_out',
    ({ tokens }) => service.request('/oauth2/logout', bearer(tokens.access_token, { method: 'POST' })),
  ],
  [
    'revoked by its own text',
    'session_ended',
    'signed_out',
    ({ tokens }) =>
      service.request('/oauth2/revoke', form({ client_id: clientId, token: tokens.access_token })),
  ],
  [
    'revoked by its refresh token',
    'session_ended',
    'signed_out',
    ({ tokens }) =>
      service.request('/oauth2/revoke', form({ client_id: clientId, token: tokens.refresh_token })),
  ],
  ['rotated', 'token_rotated', 'rotated', ({ tokens }) => refresh(service, tokens)],
  [
    'replaced by a newer sign-in',
    'session_replaced',
    'replaced',
    async ({ email }) => {
      await signIn(service, clientId, email)
      return new Response()
    },
  ],
  [
    'ended by its user elsewhere',
    'session_ended',
    'ended_by_user',
    async ({ email }) => {
      const { access_token } = await signIn(service, otherClientId, email)
      return service.request('/v1/sessions/revoke-others', bearer(access_token, json({ client_id: '*' })))
    },
  ],
  [
    'ended by an operator',
    'session_ended',
    'ended_by_operator',
    ({ tokens }) => post(`/admin/v1/users/${tokens.user_id}/revoke-sessions`),
  ],
  [
    'of a disabled user',
    'session_ended',
    'user_disabled',
    ({ tokens }) => post(`/admin/v1/users/${tokens.user_id}/disable`),
  ],
  [
    'of a deleted user',
    'session_ended',
    'ended_by_operator',
    ({ tokens }) => post(`/admin/v1/users/${tokens.user_id}`, { method: 'DELETE' }),
  ],
]

const whoami = (token: string) => service.request('/ping/whoami', bearer(token))

async function replay(token: string): Promise<unknown[]> {
  const answers = await Promise.all([
    whoami(token),
    service.request('/v1/sessions', bearer(token)),
    service.request('/oauth2/logout', bearer(token, { method: 'POST' })),
  ])
  expect(answers.map(answer => answer.status)).toEqual([401, 401, 401])
  const revoked = await service.request('/oauth2/revoke', form({ client_id: clientId, token }))
  expect(revoked.status).toBe(200)
  return Promise.all(answers.map(answer => answer.json()))
}

describe('a token of ours that is dead', () => {
  it.each(DEATHS)('EB-07, I7: %s: everywhere %s (%s), and no alarm', async (_, code, reason, kill) => {
    const email = freshAddress()
    const tokens = await signIn(service, clientId, email)
    expect((await whoami(tokens.access_token)).status).toBe(200)
    const before = await alarmCount(service)
    service.now += 7
    expect((await kill({ email, tokens })).ok).toBe(true)
    const endedAt = rfc3339(service.now)
    service.now += 3
    for (const body of await replay(tokens.access_token)) {
      expect(body).toMatchObject({ code, reason, ended_at: endedAt })
    }
    expect(await alarmCount(service)).toBe(before)
  })

  it('EB-07: ended with its client, which is gone', async () => {
    const { client_id } = await createClient(service)
    const { access_token } = await signIn(service, client_id, freshAddress())
    const before = await alarmCount(service)
    const removed = await post(`/admin/v1/clients/${client_id}`, { method: 'DELETE' })
    expect(removed.status).toBe(204)
    expect(await (await whoami(access_token)).json()).toMatchObject({ code: 'session_ended' })
    expect(await alarmCount(service)).toBe(before)
  })

  it('EB-07: expired, to the second and without leeway, whether its session lives or not', async () => {
    const live = await signIn(service, clientId, freshAddress())
    const dead = await signIn(service, clientId, freshAddress())
    await service.request('/oauth2/logout', bearer(dead.access_token, { method: 'POST' }))
    const before = await alarmCount(service)
    const expiresAt = Number(claimsOf(live.access_token).exp)
    service.now = expiresAt - 1
    expect((await whoami(live.access_token)).status).toBe(200)
    service.now = expiresAt
    for (const { access_token } of [live, dead]) {
      for (const body of await replay(access_token)) {
        expect(body).toMatchObject({ code: 'token_expired' })
        expect(body).not.toHaveProperty('reason')
      }
    }
    expect(await alarmCount(service)).toBe(before)
  })

  it('EB-07: is known for what it was until its own expiry, whatever is cleared away meanwhile', async () => {
    const tokens = await signIn(service, clientId, freshAddress())
    const next = (await (await refresh(service, tokens)).json()) as Tokens
    await service.request('/oauth2/logout', bearer(next.access_token, { method: 'POST' }))
    const before = await alarmCount(service)
    const expiresAt = Number(claimsOf(tokens.access_token).exp)
    for (const now of [expiresAt - 300, expiresAt - 1]) {
      service.now = now
      await keepHouse(service.parts, now)
      expect(await (await whoami(tokens.access_token)).json()).toMatchObject({ code: 'token_rotated' })
      expect(await (await whoami(next.access_token)).json()).toMatchObject({ code: 'session_ended' })
    }
    for (const now of [expiresAt, expiresAt + 60, expiresAt + 3_600]) {
      service.now = now
      await keepHouse(service.parts, now)
      expect(await (await whoami(tokens.access_token)).json()).toMatchObject({ code: 'token_expired' })
    }
    const { sid } = claimsOf(tokens.access_token)
    const kept = await service.parts.shards
      .of(String(sid))
      .prepare('SELECT count(*) AS n FROM entropy_buckets WHERE session_id = ?')
      .bind(sid)
      .first<{ n: number }>()
    expect(kept?.n).toBe(0)
    expect(await alarmCount(service)).toBe(before)
  })
})
