// What ties a sign-in to the browser that asked for it: the secret in its binding cookie, <sign-in>.<secret>. A browser
// that asks again keeps its secret, so that the link of its first mail is still its own.
import { isTaggedId } from '../domain/ids.ts'
import { digest } from './digest.ts'
import { RANDOM_SECRET_CHARS, randomSecret } from './random.ts'

export interface Binding {
  readonly signInId: string
  readonly secret: string
  readonly text: string
  readonly digest: string
}

/** @param former what this browser held until now */
export const mintBinding = (signInId: string, former: Binding | null): Promise<Binding> =>
  describe(signInId, former?.secret ?? randomSecret())

export async function readBinding(cookie: string): Promise<Binding | null> {
  const [signInId, secret, ...rest] = cookie.split('.')
  if (!isTaggedId('i', signInId) || secret?.length !== RANDOM_SECRET_CHARS || rest.length > 0) return null
  return describe(signInId, secret)
}

async function describe(signInId: string, secret: string): Promise<Binding> {
  return { signInId, secret, text: `${signInId}.${secret}`, digest: await digest('sign-in-binding', secret) }
}
