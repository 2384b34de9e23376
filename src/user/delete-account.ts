// Deleting a user: every session is ended as usual, then the user and the address are removed, and what is personal
// in the log. The entries themselves stay: they are what says that a link was used.
import type { AccountResult } from '../domain/commands.ts'
import { batch, StorageUnavailable } from '../store/d1.ts'
import { scrubEvents } from '../store/events.ts'
import type { Shards } from '../store/shards.ts'
import { deleteUser, findUser } from '../store/users.ts'
import { type Applied, applyChange } from './change.ts'
import type { Outcome } from './outcome.ts'
import { removeFromIndex, settleEmailChange } from './settle-email-change.ts'

/** Safe to run again: what is gone is `no_such_user`. */
export async function deleteAccount(
  shards: Shards,
  userId: string,
  opId: string,
  now: number,
): Promise<Applied<AccountResult>> {
  const { outcome, entries } = await applyChange(
    shards.of(userId),
    userId,
    {
      type: 'end_sessions',
      opId,
      selection: { kind: 'all', includeApps: true },
      reason: 'ended_by_operator',
      by: { kind: 'operator' },
    },
    now,
  )
  if (outcome.tag === 'unavailable') return { outcome, entries }
  return { outcome: await removeUser(shards, userId), entries }
}

async function removeUser(shards: Shards, userId: string): Promise<Outcome<AccountResult>> {
  const db = shards.of(userId)
  try {
    const user = await findUser(db, userId)
    if (user === null) return { tag: 'no_such_user' }
    // The addresses first: once the user is gone nothing knows them, and another attempt could not finish.
    await settleEmailChange(shards, userId)
    await removeFromIndex(shards, user.email, userId)
    // A session that began meanwhile still refers to the user: the foreign key refuses the whole batch.
    await batch(db, [deleteUser(db, userId), scrubEvents(db, userId)])
    return { tag: 'changed' }
  } catch (error) {
    if (error instanceof StorageUnavailable) return { tag: 'unavailable' }
    throw error
  }
}
