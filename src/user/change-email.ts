// Changing the address, whose index rows may lie in two other databases: take the new one, change the user, let go
// of the old one. A crash in between leaves the user's own row true, and the rest is settled later.
import type { ChangeEmail, ChangeEmailResult } from '../domain/commands.ts'
import { StorageUnavailable } from '../store/d1.ts'
import type { Shards } from '../store/shards.ts'
import { takeEmail } from '../store/users.ts'
import { addressTag } from '../tokens/address-tag.ts'
import { type Applied, applyChange, type ChainKey, without } from './change.ts'
import { settleEmailChange, settleLater } from './settle-email-change.ts'

/** Safe to run again. */
export async function changeEmail(
  shards: Shards,
  userId: string,
  command: ChangeEmail,
  now: number,
  key: ChainKey,
): Promise<Applied<ChangeEmailResult>> {
  try {
    if (!(await takeAddress(shards, command.email, userId, now))) return without({ tag: 'address_taken' })
  } catch (error) {
    if (error instanceof StorageUnavailable) return without({ tag: 'unavailable' })
    throw error
  }
  const applied = await applyChange(shards.of(userId), userId, command, now, key)
  // Unknown: the change stays open for the next attempt. A newer request, to another address, has a change of its own.
  if (applied.outcome.tag !== 'unavailable') await settleLater(shards, userId, command.email)
  return applied
}

/** false when somebody else has it. Whoever is in the index without having it makes room. */
async function takeAddress(shards: Shards, address: string, userId: string, now: number): Promise<boolean> {
  const index = shards.ofTag(await addressTag(address))
  const holder = await takeEmail(index, address, userId, now)
  if (holder === userId) return true
  await settleEmailChange(shards, holder, address)
  return (await takeEmail(index, address, userId, now)) === userId
}
