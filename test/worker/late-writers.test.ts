import { describe, expect, it } from 'vitest'
import { createService, freshAddress } from './support/service.ts'
import { createClient, refresh, signIn } from './support/sign-in.ts'

describe('a decision on what was true a moment ago', () => {
  it('I1: cannot end as expired a session that a refresh has kept alive meanwhile', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const { user_id } = await signIn(service, client_id, freshAddress())
    const db = service.parts.shards.of(user_id)
    const session = await db
      .prepare('SELECT id, expires_at FROM sessions WHERE user_id = ?')
      .bind(user_id)
      .first<{ id: string; expires_at: number }>()
    const end = (at: number, seq: number) =>
      db
        .prepare(
          `INSERT INTO user_events (user_id, seq, type, at, session_id, reason, actor)
           VALUES (?, ?, 'session.ended', ?, ?, 'expired', '{"kind":"system"}')`,
        )
        .bind(user_id, seq, at, session?.id)
        .run()
    await expect(end((session?.expires_at ?? 0) - 1, 2)).rejects.toThrow('session_live')
    await expect(end(session?.expires_at ?? 0, 2)).resolves.toBeDefined()
  })
})

describe('a refresh token that is presented twice within its grace', () => {
  it('RF-03 RF-04: gets the same successor, and nothing else than what the first asked for', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const audience = `https://${crypto.randomUUID()}.test`
    await createClient(service, { audience })
    const tokens = await signIn(service, client_id, freshAddress())
    const first = await (await refresh(service, tokens, { scope: 'read' })).json()
    expect(await (await refresh(service, tokens, { scope: 'read' })).json()).toEqual(first)
    expect(await (await refresh(service, tokens)).json()).toEqual(first)
    const wider = await refresh(service, tokens, { scope: 'read sessions' })
    expect(await wider.json()).toMatchObject({ error: 'invalid_scope' })
    const elsewhere = await refresh(service, tokens, { resource: audience })
    expect(await elsewhere.json()).toMatchObject({ error: 'invalid_target' })
    expect(await (await refresh(service, tokens)).json()).toEqual(first)
  })
})
