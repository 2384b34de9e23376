// The secret of a browser session, as its cookie carries it: <user>.<session>.<secret>.<tag>. The digest in the session's
// row says whether it is live. The tag, which only this deployment can make, says that it was issued here even when
// nothing is kept of it any more.
import { isTaggedId } from '../domain/ids.ts'
import { digest, isOneOf } from './digest.ts'
import { randomSecret } from './random.ts'
import type { Secrets } from './secrets.ts'

export interface BrowserSessionSecret {
  readonly text: string
  readonly digest: string
  readonly userId: string
  readonly sessionId: string
}

const FORM = /^([^.]+)\.([^.]+)\.[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}$/

export async function mintBrowserSession(
  secrets: Secrets,
  userId: string,
  sessionId: string,
): Promise<BrowserSessionSecret> {
  const head = `${userId}.${sessionId}.${randomSecret()}`
  const text = `${head}.${await secrets.mac('browser-session', head)}`
  return { text, digest: await digest('browser-session', text), userId, sessionId }
}

/** null for a value that was never ours by its form. */
export async function readBrowserSession(cookie: string): Promise<BrowserSessionSecret | null> {
  const [, userId, sessionId] = FORM.exec(cookie) ?? []
  if (!isTaggedId('u', userId) || !isTaggedId('s', sessionId)) return null
  return { text: cookie, digest: await digest('browser-session', cookie), userId, sessionId }
}

/** Whether this deployment issued it, for a session that is live or one that has ended. */
export async function isIssued(secrets: Secrets, { text }: BrowserSessionSecret): Promise<boolean> {
  const at = text.lastIndexOf('.')
  return isOneOf(await secrets.macs('browser-session', text.slice(0, at)), text.slice(at + 1))
}
