// A user's own tightening: it counts from the next sign-in.
import * as v from 'valibot'
import { NEW_SIGN_IN_NOTICES, type Preferences } from '../domain/preferences.ts'
import { findUser, preferencesOf } from '../store/users.ts'
import { randomId } from '../tokens/random.ts'
import { callUser } from '../user/call.ts'
import { type LoadedState, STATE } from '../user/state.ts'
import { readJson } from './body.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { operation } from './openapi/operation.ts'
import { type Principal, refuseGone, requirePrincipal, requirePrincipalWith } from './principal.ts'
import { Problem } from './problem.ts'

export const PreferencesView = v.object({
  one_session_per_client: v.boolean(),
  one_device: v.boolean(),
  notify: v.object({ new_sign_in: v.picklist(NEW_SIGN_IN_NOTICES) }),
})
/** What is left out stays as it is. */
const PreferencesBody = v.partial(PreferencesView)

export const preferencesApi = new Hono<LatchkeyEnv>()

preferencesApi.get(
  '/v1/preferences',
  operation({
    summary: 'The user’s preferences',
    by: 'user',
    answers: { 200: PreferencesView },
    refusals: [404],
  }),
  async c => c.json(await currentPreferences(c, await requirePrincipal(c))),
)

preferencesApi.put(
  '/v1/preferences',
  operation({
    summary: 'Changes preferences',
    by: 'user',
    json: PreferencesBody,
    answers: { 200: PreferencesView },
    refusals: [404],
  }),
  async c => {
    const { principal, found } = await requirePrincipalWith(c, STATE)
    const body = await readJson(c, PreferencesBody)
    if (found.user === null) throw new Problem('not_found')
    const current = found.user.preferences
    const preferences: Preferences = {
      one_session_per_client: body.one_session_per_client ?? current.one_session_per_client,
      one_device: body.one_device ?? current.one_device,
      notify: body.notify ?? current.notify,
    }
    const result = await setPreferences(c, principal, preferences, found)
    return result.tag === 'changed' ? c.json(preferences) : refuseGone(c)
  },
)

/** As this session. Throws StorageUnavailable. @param seen of the user, just before */
export function setPreferences(
  c: LatchkeyContext,
  { userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>,
  preferences: Preferences,
  seen: LoadedState,
) {
  const by = { kind: 'session', session_id: sessionId } as const
  const command = { type: 'set_preferences', opId: randomId('op'), preferences, by } as const
  return callUser(c.var.parts.users, userId, user =>
    user.changeAccount(userId, command, c.var.facts.now, seen),
  )
}

async function currentPreferences(c: LatchkeyContext, { userId }: Principal): Promise<Preferences> {
  const user = await findUser(c.var.parts.shards.of(userId), userId)
  if (user === null) throw new Problem('not_found')
  return preferencesOf(user)
}
