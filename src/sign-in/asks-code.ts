// Whether the link of a sign-in is enough, for the page that it opens; the sign-in itself is decided in the user's object.
import { loadState } from '../user/state.ts'
import type { SignInWithState } from './find-sign-in.ts'
import type { Parts } from './parts.ts'

/** For whoever holds the link: nobody else may learn that an address has a user. */
export async function asksForCode(
  parts: Pick<Parts, 'shards'>,
  { signIn, userId, state }: SignInWithState,
): Promise<boolean> {
  if (userId === null) return false
  const { user } = state ?? (await loadState(parts.shards.of(userId), userId))
  return user !== null && user.email === signIn.address && user.asksForCode
}
