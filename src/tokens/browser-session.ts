// The secret of a browser session, as its cookie carries it: <user>.<session>.<secret>.
import { isTaggedId } from '../domain/ids.ts'
import { digest } from './digest.ts'
import { randomSecret } from './random.ts'

export interface BrowserSessionSecret {
  readonly text: string
  readonly digest: string
  readonly userId: string
  readonly sessionId: string
}

export const mintBrowserSession = (userId: string, sessionId: string): Promise<BrowserSessionSecret> =>
  describe(userId, sessionId, randomSecret())

/** null for a value that was never ours by its form. */
export async function readBrowserSession(cookie: string): Promise<BrowserSessionSecret | null> {
  const [userId, sessionId, secret, ...rest] = cookie.split('.')
  if (!isTaggedId('u', userId) || !isTaggedId('s', sessionId) || rest.length > 0) return null
  return secret?.length === 43 ? describe(userId, sessionId, secret) : null
}

async function describe(userId: string, sessionId: string, secret: string): Promise<BrowserSessionSecret> {
  const text = `${userId}.${sessionId}.${secret}`
  return { text, digest: await digest('browser-session', text), userId, sessionId }
}
