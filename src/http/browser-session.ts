// The browser session behind the cookie: read on every request, moved forward at most every few minutes.
import { isAbruptChange } from '../domain/abrupt-change.ts'
import { LAST_SEEN_STEP_SECONDS } from '../domain/limits.ts'
import { expiryAfterUse, isLive, type Session } from '../domain/session.ts'
import { withinSecond } from '../domain/time.ts'
import { identify } from '../records/record.ts'
import { batch } from '../store/d1.ts'
import { checkNotGivenAway } from '../store/given-away.ts'
import { type SessionRow, selectSession, sessionOf, touchSession } from '../store/sessions.ts'
import { NOTHING, type UserRead } from '../store/user-read.ts'
import { type BrowserSessionSecret, isIssued, readBrowserSession } from '../tokens/browser-session.ts'
import { digestsEqual } from '../tokens/digest.ts'
import type { LatchkeyContext } from './context.ts'
import { readCookie } from './cookies.ts'

/** The live browser session of this request, or null. Throws StorageUnavailable. */
export const findBrowserSession = async (c: LatchkeyContext): Promise<Session | null> =>
  (await findBrowserSessionWith(c, NOTHING))?.session ?? null

/** Likewise, and what was read of its user in the same call. */
export async function findBrowserSessionWith<Found>(
  c: LatchkeyContext,
  read: UserRead<Found>,
): Promise<SessionWith<Found> | null> {
  const { parts, facts } = c.var
  const presented = await findPresentedSessionWith(c, read)
  if (presented === null) return null
  const { session } = presented
  let { found } = presented
  if (isAbruptChange(session, facts)) {
    parts.traitChanges.note(session, facts.now)
    return null
  }
  if (facts.now - session.lastSeenAt >= LAST_SEEN_STEP_SECONDS) {
    const db = parts.shards.of(session.userId)
    const use = {
      lastSeenAt: facts.now,
      lastSeenMs: withinSecond(facts.nowMs),
      expiresAt: expiryAfterUse(session.absoluteExpiresAt, facts.now),
    }
    // Before what is read of the user, which shows this very use. Storage that does not write keeps nobody out.
    const statements = [touchSession(db, session, use), ...read.statements(db, session.userId)]
    const results = await batch(db, statements).catch(() => null)
    if (results !== null) found = read.found(session.userId, results.slice(1))
  }
  const { id, userId: user_id, clientId: client_id } = session
  identify({ actor: 'session', actor_id: id, user_id, session_id: id, client_id })
  return { session, found }
}

/** The live session whose cookie this is, whatever presents it: to end it, nothing else. Throws StorageUnavailable. */
export const findPresentedSession = async (c: LatchkeyContext): Promise<Session | null> =>
  (await findPresentedSessionWith(c, NOTHING))?.session ?? null

/** Likewise, and what was read of its user in the same call. */
export async function findPresentedSessionWith<Found>(
  c: LatchkeyContext,
  read: UserRead<Found>,
): Promise<SessionWith<Found> | null> {
  const secret = await presentedSecret(c)
  const presented = secret === null ? null : await findSessionOf(c, secret, read)
  return presented !== null && isLive(presented.session, c.var.facts.now) ? presented : null
}

export async function presentedSecret(c: LatchkeyContext): Promise<BrowserSessionSecret | null> {
  const cookie = readCookie(c, 'session')
  return cookie === undefined ? null : readBrowserSession(cookie)
}

export interface SessionWith<Found> {
  readonly session: Session
  readonly found: Found
}

/** The session that has this secret and that nobody has ended, though it may have run out. */
export async function findSessionOf<Found>(
  c: LatchkeyContext,
  secret: BrowserSessionSecret,
  read: UserRead<Found>,
): Promise<SessionWith<Found> | null> {
  const { userId, sessionId, digest } = secret
  const { shards, secrets } = c.var.parts
  const db = shards.of(userId)
  const more = read.statements(db, userId)
  // Of an invented cookie no more is read than what refutes it. Two rotations make a live one look like that.
  const isEarly = more.length === 0 || (await isIssued(secrets, secret))
  const [sessions, ...results] = await batch(db, [
    selectSession(db, userId, sessionId),
    ...(isEarly ? more : []),
  ])
  const [row] = (sessions?.results ?? []) as unknown as (SessionRow & { secret_digest: string })[]
  if (row === undefined) await checkNotGivenAway(db, userId)
  if (row === undefined || !digestsEqual(row.secret_digest, digest)) return null
  const found = read.found(userId, isEarly ? results : await batch(db, more))
  return { session: sessionOf(row), found }
}
