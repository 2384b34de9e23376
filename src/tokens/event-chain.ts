// The chain of a user's log: every entry carries a MAC over itself and the MAC of the entry before, under a key of the
// deployment. What is personal in an entry goes after its time, so the chain holds a digest of it instead: salted, and
// the salt goes with it, so that nobody can try what it was.
import { toBase64url } from '../domain/encoding.ts'
import type { EventLink, LinkedEvent, StoredEvent } from '../store/linked-events.ts'
import type { ChainMacs } from './chain-keys.ts'
import { digest, digestsEqual, isOneOf } from './digest.ts'
import { randomBytes } from './random.ts'
import type { Secrets } from './secrets.ts'

const SALT_BYTES = 16

type Key = Pick<Secrets, 'mac'>

/** What binds new entries, in their order, to the log. @param previous the digest of its newest entry, null for none */
export async function linkEvents(
  key: Key,
  userId: string,
  previous: string | null,
  entries: readonly StoredEvent[],
): Promise<EventLink[]> {
  const links: EventLink[] = []
  for (const entry of entries) {
    const details_salt = hasDetails(entry) ? toBase64url(randomBytes(SALT_BYTES)) : null
    const details_digest = details_salt === null ? null : await digestOfDetails(details_salt, entry)
    const before = links.at(-1)?.digest ?? previous
    links.push({
      digest: await key.mac('event-chain', textOf(userId, before, entry, details_digest)),
      details_digest,
      details_salt,
    })
  }
  return links
}

/** Whether the entry is as it was written after `previous`, apart from details that are gone altogether. */
export async function isLinked(
  macsOf: ChainMacs,
  userId: string,
  previous: string | null,
  entry: LinkedEvent,
): Promise<boolean> {
  const expected = await macsOf(textOf(userId, previous, entry, entry.details_digest), entry.at)
  return isOneOf(expected, entry.digest ?? '') && (await areDetailsTrue(entry))
}

/** Whether it had details, and has none now. */
export const isScrubbed = (entry: LinkedEvent): boolean =>
  entry.details_digest !== null && entry.details_salt === null && !hasDetails(entry)

async function areDetailsTrue(entry: LinkedEvent): Promise<boolean> {
  const { details_digest, details_salt } = entry
  if (details_digest === null || details_salt === null) return details_salt === null && !hasDetails(entry)
  return digestsEqual(details_digest, await digestOfDetails(details_salt, entry))
}

const hasDetails = ({ device, place, marks }: StoredEvent): boolean =>
  device !== null || place !== null || marks !== null

const digestOfDetails = (salt: string, { device, place, marks }: StoredEvent): Promise<string> =>
  digest('event-details', JSON.stringify([salt, device, place, marks]))

/** What the MAC of an entry is over. */
const textOf = (
  userId: string,
  previous: string | null,
  { seq, op_id, first_seq, type, at, session_id, client_id, reason, actor }: StoredEvent,
  detailsDigest: string | null,
): string =>
  JSON.stringify([
    userId,
    previous,
    seq,
    op_id,
    first_seq,
    type,
    at,
    session_id,
    client_id,
    reason,
    actor,
    detailsDigest,
  ])
