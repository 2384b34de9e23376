// What the page that waits for the link is told: it goes on by itself when this browser's sign-in completes.
import * as v from 'valibot'
import { answer } from '#operation'
import type { Session } from '../domain/session.ts'
import { isOpen } from '../domain/sign-in.ts'
import { findSignIn, findUse } from '../store/sign-ins.ts'
import type { Binding } from '../tokens/binding.ts'
import { digestsEqual } from '../tokens/digest.ts'
import type { LatchkeyContext } from './context.ts'
import { locationOf } from './continue-to.ts'

export const SignInState = answer(() =>
  v.object({
    state: v.picklist(['pending', 'completed', 'ended']),
    /** Where this browser goes once it is signed in, or to begin again. */
    location: v.string(),
  }),
)
export type SignInState = Readonly<v.InferOutput<typeof SignInState>>

/** @param session the live session of this browser: one that began while it waited, by an earlier mail, is what it waits for */
export async function signInState(
  c: LatchkeyContext,
  binding: Binding | null,
  session: Session | null,
): Promise<SignInState> {
  const { parts, facts } = c.var
  if (binding === null) return { state: 'ended', location: '/sign-in' }
  const found = await findSignIn(parts.shards.of(binding.signInId), binding.signInId)
  if (found === null || !digestsEqual(found.signIn.bindingDigest, binding.digest)) {
    return { state: 'ended', location: '/sign-in' }
  }
  const { signIn } = found
  const cause = await findUse(parts.shards, found)
  const isSignedIn = session !== null && session.createdAt >= signIn.createdAt
  if (isSignedIn || cause?.type === 'session.created') {
    return { state: 'completed', location: await locationOf(parts, signIn) }
  }
  return isOpen(signIn, facts.now) && cause === null
    ? { state: 'pending', location: await locationOf(parts, signIn) }
    : { state: 'ended', location: '/sign-in' }
}
