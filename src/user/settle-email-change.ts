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
 */
export async function settleEmailChange(shards: Shards, userId: string): Promise<void> {
  const db = shards.of(userId)
  const closed = await closeAndFind(db, userId)
  if (closed === null) return
  const { change, email } = closed
  for (const address of new Set([change.formerAddress, change.address])) {
    if (address !== email) await removeFromIndex(shards, address, userId)
  }
  await run(deleteEmailChange(db, change))
}

/** After a decision, which stands whatever becomes of the index now: housekeeping tries again. */
export async function settleLater(shards: Shards, userId: string): Promise<void> {
  try {
    await settleEmailChange(shards, userId)
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error
    log('error', { event: 'email_change.unsettled', user_id: userId })
  }
}

/**
 * For whoever has proven the address and met this user in the index: takes it out unless it is this user's. A change
 * of this user to that address, if one is under way, comes to nothing first.
 */
export async function releaseAddress(shards: Shards, address: string, userId: string): Promise<void> {
  if (await isAddressOf(shards, address, userId)) return
  await settleEmailChange(shards, userId)
  if (await isAddressOf(shards, address, userId)) return
  await removeFromIndex(shards, address, userId)
}

export const isAddressOf = async (shards: Shards, address: string, userId: string): Promise<boolean> =>
  (await findUser(shards.of(userId), userId))?.email === address

async function removeFromIndex(shards: Shards, address: string, userId: string): Promise<void> {
  await run(deleteEmail(shards.ofTag(await addressTag(address)), address, userId))
}
