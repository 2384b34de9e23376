// The browser session behind the cookie: read on every request, moved forward at most every few minutes.
import { isAbruptChange } from '../domain/abrupt-change.ts'
import { LAST_SEEN_STEP_SECONDS } from '../domain/limits.ts'
import { expiryAfterUse, isLive, type Session } from '../domain/session.ts'
import { identify } from '../records/record.ts'
import { first, run } from '../store/d1.ts'
import { checkNotGivenAway } from '../store/given-away.ts'
import { type SessionRow, selectSession, sessionOf, touchSession } from '../store/sessions.ts'
import { type BrowserSessionSecret, readBrowserSession } from '../tokens/browser-session.ts'
import { digestsEqual } from '../tokens/digest.ts'
import type { LatchkeyContext } from './context.ts'
import { readCookie } from './cookies.ts'

/** The live browser session of this request, or null. Throws StorageUnavailable. */
export async function findBrowserSession(c: LatchkeyContext): Promise<Session | null> {
  const { parts, facts } = c.var
  const session = await findPresentedSession(c)
  if (session === null) return null
  if (isAbruptChange(session, facts)) {
    parts.traitChanges.note(session, facts.now)
    return null
  }
  if (facts.now - session.lastSeenAt >= LAST_SEEN_STEP_SECONDS) {
    const db = parts.shards.of(session.userId)
    const expiresAt = expiryAfterUse(session.absoluteExpiresAt, facts.now)
    facts.waitUntil(run(touchSession(db, session, facts.now, expiresAt)).catch(() => undefined))
  }
  const { id, userId: user_id, clientId: client_id } = session
  identify({ actor: 'session', actor_id: id, user_id, session_id: id, client_id })
  return session
}

/** The live session whose cookie this is, whatever presents it: to end it, nothing else. Throws StorageUnavailable. */
export async function findPresentedSession(c: LatchkeyContext): Promise<Session | null> {
  const secret = await presentedSecret(c)
  const session = secret === null ? null : await findSessionOf(c, secret)
  return session !== null && isLive(session, c.var.facts.now) ? session : null
}

export async function presentedSecret(c: LatchkeyContext): Promise<BrowserSessionSecret | null> {
  const cookie = readCookie(c, 'session')
  return cookie === undefined ? null : readBrowserSession(cookie)
}

/** The session that has this secret and that nobody has ended, though it may have run out. */
export async function findSessionOf(
  c: LatchkeyContext,
  secret: BrowserSessionSecret,
): Promise<Session | null> {
  const db = c.var.parts.shards.of(secret.userId)
  const row = await first<SessionRow & { secret_digest: string }>(
    selectSession(db, secret.userId, secret.sessionId),
  )
  if (row === null) await checkNotGivenAway(db, secret.userId)
  return row !== null && digestsEqual(row.secret_digest, secret.digest) ? sessionOf(row) : null
}
