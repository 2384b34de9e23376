import type { Session } from '../domain/session.ts'
import { findUser } from '../store/users.ts'
import type { LatchkeyContext } from './context.ts'

/** The canonical address of the session's user: its session is live, so the user is there. */
export async function currentAddress(c: LatchkeyContext, { userId }: Session): Promise<string> {
  return (await findUser(c.var.parts.shards.of(userId), userId))?.email ?? ''
}
