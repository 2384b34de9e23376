// A user's own tightening: it counts from the next sign-in.
import * as v from 'valibot'
import { operation } from '#operation'
import { NEW_SIGN_IN_NOTICES, type Preferences, type PreferencesChange } from '../domain/preferences.ts'
import { findUser, preferencesOf } from '../store/users.ts'
import { randomId } from '../tokens/random.ts'
import { callUser } from '../user/call.ts'
import { type LoadedState, STATE } from '../user/state.ts'
import { readJson } from './body.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { type Principal, refuseGone, requirePrincipal, requirePrincipalWith } from './principal.ts'
import { Problem } from './problem.ts'

export const PreferencesView = v.object({
  one_session_per_client: v.boolean(),
  one_device: v.boolean(),
  notify: v.object({ new_sign_in: v.picklist(NEW_SIGN_IN_NOTICES) }),
})
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
    const result = await setPreferences(c, principal, await readJson(c, PreferencesBody), found)
    if (result.tag === 'no_such_user') throw new Problem('not_found')
    return result.tag === 'changed' ? c.json(await currentPreferences(c, principal)) : refuseGone(c)
  },
)

/** As this session. Throws StorageUnavailable. @param seen of the user, just before */
export function setPreferences(
  c: LatchkeyContext,
  { userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>,
  preferences: PreferencesChange,
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
