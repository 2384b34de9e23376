import { isTaggedId } from '../../domain/ids.ts'
import { findUser, type UserRow } from '../../store/users.ts'
import type { LatchkeyContext } from '../context.ts'
import { Problem } from '../problem.ts'

/** The user that the path names; `not_found` for one who is not there. */
export async function requireUser(c: LatchkeyContext): Promise<UserRow> {
  const id = c.req.param('id')
  const user = isTaggedId('u', id) ? await findUser(c.var.parts.shards.of(id), id) : null
  if (user === null) throw new Problem('not_found')
  return user
}
