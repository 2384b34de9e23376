// A sign-in, and what its user's object would have to read next, in one call.
import { KNOWN_DEVICE_ENTRIES } from '../domain/limits.ts'
import { batch } from '../store/d1.ts'
import { checkNotGivenAway } from '../store/given-away.ts'
import { type FoundSignIn, foundSignIn, selectSignIn } from '../store/sign-ins.ts'
import { type LoadedState, selectState, stateOf } from '../user/state.ts'

export interface SignInWithState extends FoundSignIn {
  /** null for an address without a user, and for a user in another database than the address. */
  readonly state: LoadedState | null
}

/**
 * Throws StorageUnavailable also when the sign-in lives in another database by now.
 * @param before statements of the same transaction, which come first
 */
export async function findSignInWithState(
  db: D1Database,
  id: string,
  before: readonly D1PreparedStatement[] = [],
): Promise<SignInWithState | null> {
  const state = selectState(db, { signInId: id }, KNOWN_DEVICE_ENTRIES)
  const results = (await batch(db, [...before, selectSignIn(db, id), ...state])).slice(before.length)
  const found = foundSignIn(results[0])
  if (found === null) {
    await checkNotGivenAway(db, id)
    return null
  }
  const read = found.userId === null ? null : stateOf(found.userId, results.slice(1))
  return { ...found, state: read?.user === null ? null : read }
}
