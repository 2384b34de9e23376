// Whether the link of a sign-in is enough, for the page that it opens; the sign-in itself is decided in the user's object.
import type { FoundSignIn } from '../store/sign-ins.ts'
import { findUser } from '../store/users.ts'
import type { Parts } from './parts.ts'

/** For whoever holds the link: nobody else may learn that an address has a user. */
export async function asksForCode(
  parts: Pick<Parts, 'shards'>,
  { signIn, userId }: Pick<FoundSignIn, 'signIn' | 'userId'>,
): Promise<boolean> {
  if (userId === null) return false
  const user = await findUser(parts.shards.of(userId), userId)
  return user !== null && user.email === signIn.address && user.asks_code === 1
}
