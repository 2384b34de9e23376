import { describe, expect, it } from 'vitest'
import { bearer, createService, freshAddress, json } from './support/service.ts'
import { createClient, refresh, signIn } from './support/sign-in.ts'

describe('the story of two phones and a tablet', () => {
  it('SE-08: a second sign-in on a client replaces the first, another client stays, and each is told why', async () => {
    const service = createService()
    const phone = await createClient(service)
    const tablet = await createClient(service)
    const email = freshAddress()
    const a = await signIn(service, phone.client_id, email, { device_name: 'Phone A' })
    const whoami = (token: string) => service.request('/ping/whoami', bearer(token))
    expect((await whoami(a.access_token)).status).toBe(200)

    const t = await signIn(service, tablet.client_id, email, { by: 'code' })
    const b = await signIn(service, phone.client_id, email, { device_name: 'Phone B' })
    const refused = await whoami(a.access_token)
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ code: 'session_replaced', reason: 'replaced' })
    expect((await whoami(t.access_token)).status).toBe(200)

    const list = await service.request('/v1/sessions', bearer(b.access_token))
    const { sessions } = (await list.json()) as { sessions: { device: { name: string | null } }[] }
    expect(sessions.map(session => session.device.name).sort()).toEqual(['Phone B', null].sort())

    const ended = await service.request(
      '/v1/sessions/revoke-others',
      bearer(b.access_token, json({ client_id: '*' })),
    )
    expect(await ended.json()).toMatchObject({ revoked: 1 })
    expect(await (await whoami(t.access_token)).json()).toMatchObject({
      code: 'session_ended',
      reason: 'ended_by_user',
    })
    const rotated = (await (await refresh(service, b)).json()) as { access_token: string }
    expect((await whoami(rotated.access_token)).status).toBe(200)
    expect(await (await whoami(b.access_token)).json()).toMatchObject({ code: 'token_rotated' })
  })
})
