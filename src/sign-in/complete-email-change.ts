// The code from the new mailbox, typed in the session that asked: the address is changed, the former one told.
import { maskAddress } from '../domain/email-address.ts'
import { emailChangeId } from '../domain/email-change.ts'
import { NOTICE_MAIL_SECONDS } from '../domain/limits.ts'
import type { Session } from '../domain/session.ts'
import { isOpen } from '../domain/sign-in.ts'
import { emailChangedMessage } from '../mail/email-change-messages.ts'
import { findEmailChange, tryEmailCode } from '../store/email-changes.ts'
import { findCause } from '../store/events.ts'
import { isOneOf } from '../tokens/digest.ts'
import { callUser } from '../user/call.ts'
import { describeDevice, describePlace } from './describe.ts'
import type { Parts, RequestFacts } from './parts.ts'
import { emailCodeDigests } from './start-email-change.ts'

export type EmailChanged = 'changed' | 'wrong_code' | 'email_change_ended' | 'address_taken' | 'session_ended'

/** Whether this session asked for a change that can still be completed. */
export async function isAwaitingCode(
  parts: Pick<Parts, 'shards'>,
  session: Session,
  now: number,
): Promise<boolean> {
  const change = await findEmailChange(parts.shards.of(session.userId), session.userId)
  return change !== null && change.sessionId === session.id && isOpen(change, now)
}

/** @param code null when what was typed cannot be one: it costs a try all the same */
export async function completeEmailChange(
  parts: Parts,
  session: Session,
  code: string | null,
  facts: RequestFacts,
): Promise<EmailChanged> {
  const { userId, id: sessionId } = session
  const { now } = facts
  const db = parts.shards.of(userId)
  const presented = await emailCodeDigests(parts, session, code ?? 'malformed')
  const change = await tryEmailCode(db, userId, sessionId, presented)
  if (change === null || change.sessionId !== sessionId || !isOpen(change, now)) {
    // Typed twice, or after an answer that was lost: what the code was for has come about.
    const causes = await Promise.all(presented.map(digest => findCause(db, emailChangeId(digest))))
    return causes.some(cause => cause !== null) ? 'changed' : 'email_change_ended'
  }
  if (!isOneOf(presented, change.codeDigest)) return 'wrong_code'

  const message = emailChangedMessage({
    to: change.formerAddress,
    maskedAddress: maskAddress(change.address),
    at: now,
    device: describeDevice(facts.device),
    place: describePlace(facts.place),
    issuer: parts.config.issuer,
  })
  const mail = await parts.outbox.prepare(message, now + NOTICE_MAIL_SECONDS, now)
  const outcome = await callUser(parts.users, userId, user =>
    user.changeEmail(
      userId,
      {
        type: 'change_email',
        opId: change.id,
        email: change.address,
        by: { kind: 'session', session_id: sessionId },
        notice: mail.row,
      },
      now,
    ),
  )
  switch (outcome.tag) {
    case 'changed':
      facts.waitUntil(parts.outbox.deliver(db, mail, now))
      return 'changed'
    case 'changed_before':
      return 'changed'
    case 'address_taken':
      return 'address_taken'
    case 'change_over':
      return 'email_change_ended'
    case 'spent':
    case 'actor_gone':
    case 'no_such_user':
      return 'session_ended'
  }
}
