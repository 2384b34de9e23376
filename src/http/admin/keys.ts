// Signing keys, for operators: what there is, an ordinary rotation, and the removal of a key in an emergency.
import * as v from 'valibot'
import { operation } from '#operation'
import { rfc3339, rfc3339OrNull } from '../../domain/time.ts'
import { listSigningKeys, type SigningKeyRow } from '../../store/signing-keys.ts'
import { ALG } from '../../tokens/signing-key.ts'
import { readOptionalJson } from '../body.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { Time } from '../openapi/fields.ts'
import { Problem } from '../problem.ts'

export const adminKeys = new Hono<LatchkeyEnv>()

export const KeyView = v.object({
  kid: v.string(),
  state: v.picklist(['pending', 'active', 'retiring', 'gone']),
  alg: v.string(),
  created_at: Time,
  active_at: v.nullable(Time),
  gone_at: v.nullable(Time),
})

/** What is due is done first, so that the list is not behind the time. */
adminKeys.get(
  '/admin/v1/keys',
  operation({
    summary: 'Signing keys, newest first',
    by: 'operator',
    answers: { 200: v.object({ keys: v.array(KeyView) }) },
  }),
  async c => {
    const { parts, facts } = c.var
    await parts.keys.settle(facts.now)
    const keys = await listSigningKeys(parts.shards.global)
    return c.json({ keys: keys.map(keyView) })
  },
)

/** Nothing but what is known: an emergency that is misspelt, misplaced or empty must not pass for an ordinary rotation. */
const Body = v.strictObject({ emergency: v.optional(v.string()) })

const Rotated = v.object({
  /** The one that signs now. */
  active: v.string(),
  /** Those whose tokens are still good. */
  retiring: v.array(v.string()),
  /** Those that this call has removed. */
  removed: v.array(v.string()),
  /** The next one, published already. */
  pending: v.nullable(v.string()),
  /** When an ordered rotation happens, the pending key being known to every cache by then; null when none is left. */
  due_at: v.nullable(Time),
})

adminKeys.post(
  '/admin/v1/keys/rotate',
  operation({
    summary: 'Moves on to the next signing key, or removes one in an emergency',
    by: 'operator',
    json: Body,
    answers: { 200: Rotated },
    refusals: [404, 409],
  }),
  async c => {
    const { parts, facts } = c.var
    if (new URL(c.req.url).search !== '') {
      throw new Problem('invalid_request', { detail: 'parameters belong in the body' })
    }
    const { emergency } = await readOptionalJson(c, Body)
    const keys = emergency === undefined ? await parts.keys.rotate(facts.now) : await removeKey(c, emergency)
    const kids = (state: SigningKeyRow['state']) =>
      keys.filter(key => key.state === state).map(key => key.kid)
    const ordered = keys.some(key => key.state === 'active' && key.rotation_ordered_at !== null)
    const next = keys.find(key => key.state === 'pending')
    return c.json({
      active: kids('active')[0] ?? '',
      retiring: kids('retiring'),
      removed: emergency === undefined ? [] : [emergency],
      pending: next?.kid ?? null,
      due_at: ordered && next !== undefined ? rfc3339(next.known_at) : null,
    })
  },
)

async function removeKey(c: LatchkeyContext, kid: string): Promise<readonly SigningKeyRow[]> {
  const { parts, facts } = c.var
  const left = await parts.keys.remove(kid, facts.now)
  if (left !== null) return left
  const isGone = (await listSigningKeys(parts.shards.global)).some(key => key.kid === kid)
  throw new Problem(isGone ? 'key_gone' : 'not_found')
}

export const keyView = (key: SigningKeyRow) => ({
  kid: key.kid,
  state: key.state,
  alg: ALG,
  created_at: rfc3339(key.created_at),
  active_at: rfc3339OrNull(key.active_at),
  gone_at: rfc3339OrNull(key.gone_at),
})
