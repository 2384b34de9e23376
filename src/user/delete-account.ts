// Deleting a user: everything that lies in the user's own database goes in one batch, the address in the index after it.
// A crash in between leaves an index row without a user, which nobody can sign in by, and what says that it is to go.
import type { AccountResult, DeleteAccount } from '../domain/commands.ts'
import type { Shards } from '../store/shards.ts'
import { type Applied, applyChange, type ChainKey } from './change.ts'
import { settleLater } from './settle-email-change.ts'

/** Safe to run again: what is gone is `no_such_user`. */
export async function deleteAccount(
  shards: Shards,
  userId: string,
  command: DeleteAccount,
  now: number,
  key: ChainKey,
): Promise<Applied<AccountResult>> {
  const applied = await applyChange(shards.of(userId), userId, command, now, key)
  const { tag } = applied.outcome
  if (tag === 'changed' || tag === 'no_such_user') await settleLater(shards, userId)
  return applied
}
