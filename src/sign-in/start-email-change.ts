// Asking for a change of address: the mail to the new one, and the row that waits for its code. An address that another
// account has gets another mail and a code that nobody knows: whoever asks sees no difference.
import type { EmailAddress } from '../domain/email-address.ts'
import { emailChangeId } from '../domain/email-change.ts'
import { EMAIL_CHANGE_SECONDS, MINUTE_SECONDS, OBJECT_ATTEMPTS } from '../domain/limits.ts'
import type { Session } from '../domain/session.ts'
import { addressInUseMessage, emailCodeMessage } from '../mail/email-change-messages.ts'
import { record } from '../records/record.ts'
import { batch, ConstraintViolated, StorageUnavailable } from '../store/d1.ts'
import { insertEmailChange } from '../store/email-changes.ts'
import { insertOutbox } from '../store/outbox.ts'
import { findUserIdByAddress } from '../store/users.ts'
import { addressTag } from '../tokens/address-tag.ts'
import { randomCode } from '../tokens/random.ts'
import { isAddressOf, settleEmailChange } from '../user/settle-email-change.ts'
import { describeDevice, describePlace } from './describe.ts'
import type { Parts, RequestFacts } from './parts.ts'

type Asking = Pick<Session, 'userId' | 'id'>

/** What may be stored of the code that was presented. */
export const emailCodeDigests = (
  { secrets }: Pick<Parts, 'secrets'>,
  session: Asking,
  code: string,
): Promise<readonly string[]> => secrets.macs('email-code', emailCodeText(session, code))

/** Keyed by the typed code, its user and the session that asked. */
const emailCodeText = ({ userId, id }: Asking, code: string): string => `${userId}:${id}:${code}`

export async function startEmailChange(
  parts: Parts,
  session: Session,
  address: EmailAddress,
  facts: RequestFacts,
): Promise<void> {
  const { userId } = session
  const { now } = facts
  const db = parts.shards.of(userId)
  const code = randomCode()
  const codeDigest = await parts.secrets.mac('email-code', emailCodeText(session, code))
  const change = {
    id: emailChangeId(codeDigest),
    userId,
    sessionId: session.id,
    address: address.canonical,
    codeDigest,
    wrongCodes: 0,
    expiresAt: now + EMAIL_CHANGE_SECONDS,
  }
  const to = address.deliverTo
  const asked = { to, device: describeDevice(facts.device), place: describePlace(facts.place) }
  const message = (await isTaken(parts, address.canonical, userId))
    ? addressInUseMessage(asked)
    : emailCodeMessage({ ...asked, code, expiresInMinutes: EMAIL_CHANGE_SECONDS / MINUTE_SECONDS })
  const isAdmitted = await parts.limits.admitsMail(address.canonical, facts, now)
  const mail = await parts.outbox.prepare(message, change.expiresAt, now)
  for (let attempt = 0; attempt < OBJECT_ATTEMPTS; attempt++) {
    // The newest request counts; what a former one left in the index goes with it.
    await settleEmailChange(parts.shards, userId)
    try {
      await batch(db, [insertEmailChange(db, change), ...(isAdmitted ? [insertOutbox(db, mail.row)] : [])])
      record('email_change.started')
      if (isAdmitted) facts.waitUntil(parts.outbox.deliver(db, mail, now))
      return
    } catch (error) {
      // Another request of this user at the same moment.
      if (!(error instanceof ConstraintViolated)) throw error
    }
  }
  throw new StorageUnavailable('other requests for a change of address keep coming')
}

/** Reads as much for an address without a user as for one with: its time tells nothing. */
async function isTaken(parts: Parts, address: string, userId: string): Promise<boolean> {
  const index = parts.shards.ofTag(await addressTag(address))
  const holder = await findUserIdByAddress(index, address)
  return isAddressOf(parts.shards, address, holder ?? userId)
}
