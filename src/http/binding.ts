// What this browser holds of the sign-in that it asked for.
import { type Binding, readBinding } from '../tokens/binding.ts'
import type { LatchkeyContext } from './context.ts'
import { readCookie } from './cookies.ts'

export async function requestBinding(c: LatchkeyContext): Promise<Binding | null> {
  const cookie = readCookie(c, 'signIn')
  return cookie === undefined ? null : readBinding(cookie)
}
