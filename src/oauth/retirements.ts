// The feeds of retirements, and what of them a resource server is told: its own audience, on the terms of its registration.
import type { Client } from '../domain/client.ts'
import type { Parts } from '../sign-in/parts.ts'
import { findNewestSeq, listRetirements } from '../store/retirements.ts'
import { sha256 } from '../tokens/digest.ts'
import type { FeedAnswer } from '../verifier/bounded-verifier.ts'
import type { FeedPosition } from '../verifier/feed-position.ts'

type Feeds = Pick<Parts, 'shards' | 'keys'>

/** @param audience null for all. null when the feed does not go on from there. Throws StorageUnavailable. */
export async function readFeed(
  { shards, keys }: Feeds,
  { feed, seq }: FeedPosition,
  audience: string | null,
  now: number,
): Promise<FeedAnswer | null> {
  const db = shards.feeds.get(feed)
  if (db === undefined) return null
  const [told, published] = await Promise.all([listRetirements(db, seq, audience), keys.publicJwks(now)])
  return told === null ? null : { ...told, kids: published.keys.map(key => String(key.kid)) }
}

/** What a resource server has to forget; null once its terms are others: everything. Throws StorageUnavailable. */
export async function retirementsFor(
  parts: Feeds,
  client: Client,
  { feed, seq }: FeedPosition,
  now: number,
): Promise<FeedAnswer | null> {
  const [range = '', terms] = feed.split('.')
  if (terms !== (await termsOf(client))) return null
  return readFeed(parts, { feed: range, seq }, client.audience ?? '', now)
}

/** Where the feeds end now, for a resource server. Throws StorageUnavailable. */
export async function newestPositionsFor({ shards }: Feeds, client: Client): Promise<FeedPosition[]> {
  const terms = await termsOf(client)
  return Promise.all(
    [...shards.feeds].map(async ([range, db]) => ({
      feed: `${range}.${terms}`,
      seq: await findNewestSeq(db),
    })),
  )
}

export const positionFor = async (client: Client, { feed, seq }: FeedPosition): Promise<FeedPosition> => ({
  feed: `${feed}.${await termsOf(client)}`,
  seq,
})

const TERMS_LENGTH = 8

/** Once one of them is changed, what was remembered before is neither told of nor allowed any more. */
const termsOf = async ({ audience, validation_mode, strong_scopes }: Client): Promise<string> =>
  (await sha256(JSON.stringify([audience, validation_mode, strong_scopes]))).slice(0, TERMS_LENGTH)
