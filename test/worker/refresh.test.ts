// Refresh tokens over HTTP: what a use gives, what a second use gives, and when, and to whom.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { alarmCount, listAlarms, noonAhead } from './support/alarms.ts'
import { claimsOf } from './support/leaked-key.ts'
import { refreshing } from './support/refreshing.ts'
import { bearer, createService, freshAddress } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

const service = createService()
service.now = noonAhead(service.now)
let clientId: string

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const { whoami, isLive, use, refused, endings } = refreshing(service)
const start = (client = clientId) => signIn(service, client, freshAddress())

describe('a refresh', () => {
  it('RF-01: gives a new pair, and the former access token is dead at once', async () => {
    const first = await start()
    service.now += 5
    const second = await use(first)
    expect(second).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'sessions openid read',
      refresh_token: expect.stringMatching(/^r_s_/),
      id_token: expect.any(String),
      client_id: clientId,
      user_id: first.user_id,
    })
    expect(second.refresh_token).not.toBe(first.refresh_token)
    const [before, after] = [claimsOf(first.access_token), claimsOf(second.access_token)]
    expect(after).toMatchObject({ sid: before.sid, sub: before.sub, jti: `${before.sid}.2` })
    expect(after.eb).not.toBe(before.eb)
    expect(await isLive(second)).toBe(true)
    expect(await (await whoami(first.access_token)).json()).toMatchObject({ code: 'token_rotated' })
    expect(await isLive(await use(second))).toBe(true)
  })

  it('I8: is no event of the user’s log', async () => {
    const { access_token } = await use(await use(await start()))
    const response = await service.request('/v1/events', bearer(access_token))
    const { events } = (await response.json()) as { events: unknown[] }
    expect(events).toHaveLength(1)
  })
})

describe('a second use', () => {
  it('RF-03: within the grace gives the very same pair, with the time that it has left', async () => {
    const first = await start()
    const second = await use(first)
    for (const later of [0, 4, 5]) {
      service.now += later
      const { expires_in, ...again } = await use(first)
      const { expires_in: full, ...pair } = second
      expect(again).toEqual(pair)
      expect([expires_in, full]).toEqual([Number(claimsOf(second.access_token).exp) - service.now, 600])
    }
    expect(await isLive(second)).toBe(true)
  })

  it('RF-03: within the grace, its successor used meanwhile: invalid_grant, and nothing else happens', async () => {
    const alarms = await alarmCount(service)
    const first = await start()
    const second = await use(first)
    const third = await use(second)
    expect(await refused(first)).toBe('invalid_grant')
    expect(await isLive(third)).toBe(true)
    expect(await use(second)).toMatchObject({ refresh_token: third.refresh_token })
    expect(await isLive(await use(third))).toBe(true)
    expect(await alarmCount(service)).toBe(alarms)
    expect(await endings(first)).toEqual([])
  })

  it('RF-02: after the grace ends the session and all its tokens, is in the log, and raises an alarm', async () => {
    const first = await start()
    const second = await use(first)
    const before = await alarmCount(service)
    service.now += 11
    expect(await refused(first)).toBe('invalid_grant')
    const endedAt = new Date(service.now * 1_000).toISOString().replace('.000', '')
    service.now += 1
    expect(await (await whoami(second.access_token)).json()).toMatchObject({
      code: 'session_ended',
      reason: 'refresh_reused',
      ended_at: endedAt,
    })
    expect(await refused(second)).toBe('invalid_grant')
    expect(await refused(first)).toBe('invalid_grant')
    const { sid } = claimsOf(first.access_token)
    expect(await endings(first)).toMatchObject([
      { session_id: sid, reason: 'refresh_reused', by: { kind: 'system' } },
    ])
    expect(await alarmCount(service)).toBe(before + 1)
    expect((await listAlarms(service, 'refresh.reused'))[0]).toMatchObject({ severity: 'high', kid: null })
  })

  it.each([1, 2, 3, 4])('RF-02: after the grace is known for reuse though %i generations old', async age => {
    const first = await start()
    let newest = first
    for (let generation = 0; generation < age; generation++) newest = await use(newest)
    service.now += 3 * 86_400
    newest = await use(newest)
    service.now += 11
    expect(await refused(first)).toBe('invalid_grant')
    expect(await (await whoami(newest.access_token)).json()).toMatchObject({ reason: 'refresh_reused' })
  })

  it('RF-02: ends this session only', async () => {
    const email = freshAddress()
    const { client_id } = await createClient(service)
    const [first, elsewhere] = [
      await signIn(service, clientId, email),
      await signIn(service, client_id, email),
    ]
    await use(first)
    service.now += 11
    await refused(first)
    expect(await isLive(elsewhere)).toBe(true)
    expect(await endings(first)).toHaveLength(1)
  })

  it('RF-02: by a client without grace ends the session, however soon', async () => {
    const { client_id } = await createClient(service, { refresh_grace_seconds: 0 })
    const first = await start(client_id)
    const second = await use(first)
    expect(await refused(first)).toBe('invalid_grant')
    expect(await (await whoami(second.access_token)).json()).toMatchObject({ reason: 'refresh_reused' })
  })

  it('RF-03: is judged by the grace that the client is registered with', async () => {
    const { client_id } = await createClient(service, { refresh_grace_seconds: 60 })
    const first = await start(client_id)
    const second = await use(first)
    service.now += 59
    expect(await use(first)).toMatchObject({ access_token: second.access_token })
    service.now += 2
    expect(await refused(first)).toBe('invalid_grant')
    expect(await isLive(second)).toBe(false)
  })
})

describe('a token that is not theirs to use', () => {
  it('RF-02: invented for a known session: invalid_grant, and nothing ends', async () => {
    const alarms = await alarmCount(service)
    const other = await start()
    const first = await start()
    const second = await use(first)
    service.now += 11
    const [session, generation, secret = ''] = second.refresh_token.slice(2).split('.')
    const [, , foreign] = other.refresh_token.split('.')
    const flip = (text: string, at: number) =>
      `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
    const invented = [
      `r_${session}.1.${secret}`,
      `r_${session}.3.${secret}`,
      `r_${session}.${generation}.${foreign}`,
      `r_${session}.1.${foreign}`,
      `r_${session}.1.${'A'.repeat(43)}`,
      `r_${session}.1.${'A'.repeat(300)}`,
      `r_${claimsOf(other.access_token).sid}.1.${secret}`,
      `r_${session}.${generation}.${flip(secret, 3)}`,
      `r_${session}.${generation}.${flip(secret, 60)}`,
      second.refresh_token.slice(0, -4),
      `${second.refresh_token}AAAA`,
      `r_${session}.999999999.${secret}`,
      `r_${session}..${secret}`,
      'r_',
      second.access_token,
    ]
    for (const refresh_token of invented) {
      expect(await refused({ client_id: clientId, refresh_token })).toBe('invalid_grant')
    }
    expect(await isLive(second)).toBe(true)
    expect(await alarmCount(service)).toBe(alarms)
    expect(await isLive(await use(second))).toBe(true)
  })

  it('RF-04: in the hands of another client: invalid_grant, nothing spent and nothing ended', async () => {
    const { client_id } = await createClient(service)
    const first = await start()
    expect(await refused({ ...first, client_id })).toBe('invalid_grant')
    const second = await use(first)
    service.now += 11
    expect(await refused({ ...first, client_id })).toBe('invalid_grant')
    expect(await refused({ ...second, client_id })).toBe('invalid_grant')
    expect(await isLive(second)).toBe(true)
    expect(await isLive(await use(second))).toBe(true)
  })
})
