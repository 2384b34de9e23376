// By whom a session was ended, as JSON: told to the holder of its token.
import * as v from 'valibot'
import { rfc3339 } from '../domain/time.ts'
import { findSessionEnd, type LoggedEvent } from '../store/events.ts'
import type { SessionClaims } from '../tokens/access-token.ts'
import type { LatchkeyContext } from './context.ts'
import { Time } from './openapi/fields.ts'
import { Device, Place } from './session-view.ts'

const Whereabouts = {
  client: v.object({ id: v.string(), name: v.string() }),
  device: Device,
  place: Place,
}

export const ReplacedBy = v.pipe(v.object({ ...Whereabouts, at: Time }), v.title('ReplacedBy'))

export const EndedBy = v.pipe(
  v.object({
    kind: v.picklist(['session', 'notice', 'operator', 'system']),
    ...v.partial(v.object(Whereabouts)).entries,
  }),
  v.title('EndedBy'),
)

/**
 * Members of a refusal: `replaced_by`, or `by`. One read; none of them when that fails, the refusal stands anyway.
 * @param mayKnowWhere false: only what kind of actor it was
 */
export async function endedByMembers(
  c: LatchkeyContext,
  code: 'session_replaced' | 'session_ended',
  { sub: userId, sid: sessionId }: SessionClaims,
  mayKnowWhere: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  const end = await findSessionEnd(c.var.parts.shards.of(userId), userId, sessionId).catch(() => null)
  if (end === null) return {}
  const { ended, ender } = end
  const where = ender !== null && mayKnowWhere ? await whereabouts(c, ender) : null
  if (code === 'session_ended') return { by: { kind: ended.by.kind, ...where } }
  return where === null ? {} : { replaced_by: { ...where, at: rfc3339(ended.at) } }
}

/** null once its user is deleted: then the log names no place any more. */
async function whereabouts(c: LatchkeyContext, { clientId, device, place }: LoggedEvent) {
  if (clientId === null || device === null || place === null) return null
  const client = await c.var.parts.findClient(clientId, c.var.facts.now)
  return { client: { id: clientId, name: client?.name ?? clientId }, device, place }
}
