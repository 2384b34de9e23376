// Deleting a client, whoever asked for it: an operator, or a client that registered itself.
import { markClientDeleted } from '../store/clients.ts'
import { endSessionsOfClient } from './end-sessions.ts'
import type { Parts } from './parts.ts'

/**
 * The client first, so that no session can begin; then every session it has, everywhere. One that begins within the
 * bound of another isolate's cache is swept by cron before the client is forgotten.
 *
 * @returns false when there was nothing to delete
 */
export async function deleteClient(parts: Parts, id: string, now: number): Promise<boolean> {
  const wasThere = await markClientDeleted(parts.shards.global, id, now)
  parts.forgetClient(id)
  const ended = await endSessionsOfClient(parts, id, now)
  return wasThere || ended > 0
}
