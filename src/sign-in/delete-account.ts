// A user's own decision to delete the account, told to the address by the same change that removes it.
import { NOTICE_MAIL_SECONDS } from '../domain/limits.ts'
import type { Session } from '../domain/session.ts'
import { accountDeletedMessage } from '../mail/account-deleted-message.ts'
import { randomId } from '../tokens/random.ts'
import { callUser } from '../user/call.ts'
import { describeDevice, describePlace } from './describe.ts'
import type { Parts, RequestFacts } from './parts.ts'

/**
 * @param address the user's, which was typed
 * @returns false when the session, or the user, is gone meanwhile. Throws StorageUnavailable when it is unknown.
 */
export async function deleteOwnAccount(
  parts: Parts,
  session: Session,
  address: string,
  facts: RequestFacts,
): Promise<boolean> {
  const { userId, id: sessionId } = session
  const { now } = facts
  const message = accountDeletedMessage({
    to: address,
    at: now,
    device: describeDevice(facts.device),
    place: describePlace(facts.place),
    issuer: parts.config.issuer,
  })
  const mail = await parts.outbox.prepare(message, now + NOTICE_MAIL_SECONDS, now)
  const command = {
    type: 'delete_account',
    opId: randomId('op'),
    reason: 'ended_by_user',
    by: { kind: 'session', session_id: sessionId },
    notice: mail.row,
  } as const
  const outcome = await callUser(parts.users, userId, user => user.deleteAccount(userId, command, now))
  if (outcome.tag !== 'changed') return false
  facts.waitUntil(parts.outbox.deliver(parts.shards.of(userId), mail, now))
  // Forgotten by itself after a while: the deletion stands without it.
  facts.waitUntil(parts.limits.forget(address, now).catch(() => undefined))
  return true
}
