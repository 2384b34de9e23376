// The index of addresses, put right: in three databases at most, in an order that leaves the truth (users.email) with
// its index row at every step, and every step repeatable.
import { log } from '../log.ts'
import { run, StorageUnavailable } from '../store/d1.ts'
import { closeAndFind, deleteEmailChange } from '../store/email-changes.ts'
import type { Shards } from '../store/shards.ts'
import { deleteEmail, findUser } from '../store/users.ts'
import { addressTag } from '../tokens/address-tag.ts'

/**
 * Ends the user's change of address, come about or not, and takes whichever of its two addresses is not the user's out
 * of the index. Throws StorageUnavailable; what is left then is done by the next call.
 * @param released one that goes out of the index, with or without a change, unless it is the user's: for whoever has
 *   proven it and met this user there, or has put it there. A change to another one is left alone.
 */
export async function settleEmailChange(
  shards: Shards,
  userId: string,
  released: string | null = null,
): Promise<void> {
  const db = shards.of(userId)
  const { change, email } = await closeAndFind(db, userId, released)
  for (const address of new Set([change?.formerAddress, change?.address, released])) {
    if (address && address !== email)
      await run(deleteEmail(shards.ofTag(await addressTag(address)), address, userId))
  }
  if (change !== null) await run(deleteEmailChange(db, change))
}

/** After a decision, which stands whatever becomes of the index now: housekeeping tries again. */
export async function settleLater(shards: Shards, userId: string, released?: string): Promise<void> {
  try {
    await settleEmailChange(shards, userId, released)
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error
    log('error', { event: 'email_change.unsettled', user_id: userId })
  }
}

export const isAddressOf = async (shards: Shards, address: string, userId: string): Promise<boolean> =>
  (await findUser(shards.of(userId), userId))?.email === address
