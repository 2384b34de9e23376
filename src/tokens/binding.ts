// What ties a sign-in to the browser that asked for it: the secret in its binding cookie, <sign-in>.<secret>.
import { isTaggedId } from '../domain/ids.ts'
import { digest } from './digest.ts'
import { randomSecret } from './random.ts'

export interface Binding {
  readonly signInId: string
  readonly text: string
  readonly digest: string
}

export const mintBinding = (signInId: string): Promise<Binding> => describe(signInId, randomSecret())

export async function readBinding(cookie: string): Promise<Binding | null> {
  const [signInId, secret, ...rest] = cookie.split('.')
  return isTaggedId('i', signInId) && secret?.length === 43 && rest.length === 0
    ? describe(signInId, secret)
    : null
}

async function describe(signInId: string, secret: string): Promise<Binding> {
  const text = `${signInId}.${secret}`
  return { signInId, text, digest: await digest('sign-in-binding', text) }
}
