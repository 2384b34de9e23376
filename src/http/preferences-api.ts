// A user's own tightening: it counts from the next sign-in.
import { Hono } from 'hono'
import * as z from 'zod'
import { findUser, preferencesOf } from '../store/users.ts'
import { randomId } from '../tokens/random.ts'
import { callUser } from '../user/call.ts'
import { readJson } from './body.ts'
import type { LatchkeyEnv } from './context.ts'
import { requirePrincipal } from './principal.ts'
import { Problem } from './problem.ts'

const PreferencesBody = z.object({
  one_session_per_client: z.boolean(),
  one_device: z.boolean(),
  notify: z.object({ new_sign_in: z.enum(['always', 'new_device', 'never']) }),
})

export const preferencesApi = new Hono<LatchkeyEnv>()

preferencesApi.get('/v1/preferences', async c => {
  const { userId } = await requirePrincipal(c)
  const user = await findUser(c.var.parts.shards.of(userId), userId)
  if (user === null) throw new Problem('not_found')
  return c.json(preferencesOf(user))
})

preferencesApi.put('/v1/preferences', async c => {
  const { userId, sessionId } = await requirePrincipal(c)
  const preferences = await readJson(c, PreferencesBody)
  const opId = randomId('op')
  const result = await callUser(c.var.parts.users, userId, user =>
    user.changeAccount(
      userId,
      { type: 'set_preferences', opId, preferences, by: { kind: 'session', session_id: sessionId } },
      c.var.facts.now,
    ),
  )
  if (result.tag !== 'changed') {
    throw new Problem('session_ended', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })
  }
  return c.json(preferences)
})
