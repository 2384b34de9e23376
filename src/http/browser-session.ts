// The browser session behind the cookie: read on every request, moved forward at most every few minutes.
import { LAST_SEEN_STEP_SECONDS } from '../domain/limits.ts'
import { expiryAfterUse, isLive, type Session } from '../domain/session.ts'
import { first, run } from '../store/d1.ts'
import { type SessionRow, selectSession, sessionOf, touchSession } from '../store/sessions.ts'
import { readBrowserSession } from '../tokens/browser-session.ts'
import { digestsEqual } from '../tokens/digest.ts'
import type { LatchkeyContext } from './context.ts'
import { readCookie } from './cookies.ts'

/** The live browser session of this request, or null. Throws StorageUnavailable. */
export async function findBrowserSession(c: LatchkeyContext): Promise<Session | null> {
  const cookie = readCookie(c, 'session')
  const secret = cookie === undefined ? null : await readBrowserSession(cookie)
  if (secret === null) return null
  const { parts, facts } = c.var
  const db = parts.shards.of(secret.userId)
  const row = await first<SessionRow & { secret_digest: string }>(
    selectSession(db, secret.userId, secret.sessionId),
  )
  if (row === null || !digestsEqual(row.secret_digest, secret.digest)) return null
  const session = sessionOf(row)
  if (!isLive(session, facts.now)) return null
  if (facts.now - session.lastSeenAt >= LAST_SEEN_STEP_SECONDS) {
    const expiresAt = expiryAfterUse(session.absoluteExpiresAt, facts.now)
    facts.waitUntil(run(touchSession(db, session, facts.now, expiresAt)).catch(() => undefined))
  }
  return session
}
