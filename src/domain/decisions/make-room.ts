// Which sessions leave for a new one.
import type { StartSession } from '../commands.ts'
import { SESSIONS_PER_USER_MAX } from '../limits.ts'
import type { Preferences } from '../preferences.ts'
import { type AtLimit, effectiveRule } from '../rule.ts'
import { lastActive, type Session } from '../session.ts'

/** By the client's rule and the user's preferences (null: a new user has none); and the limit that holds from now on. */
export function makeRoom(
  live: readonly Session[],
  { session, rule, formerSessionId }: StartSession,
  preferences: Preferences | null,
): { leaving: readonly Session[]; limit: number } {
  const { limit, replace } = effectiveRule(rule, preferences?.one_session_per_client ?? false)
  const others = live.filter(other => other.id !== formerSessionId)
  const leaving = new Set(live.filter(other => !others.includes(other)))
  if (preferences?.one_device) {
    for (const other of others.filter(isOtherDevice(session.clientKind))) leaving.add(other)
  }
  const staying = others.filter(other => !leaving.has(other))
  const onClient = staying.filter(other => other.clientId === session.clientId)
  const excess = Math.max(0, onClient.length + 1 - limit)
  for (const other of firstToLeave(onClient, replace).slice(0, excess)) leaving.add(other)
  const rest = staying.filter(other => !leaving.has(other))
  const overall = Math.max(0, rest.length + 1 - SESSIONS_PER_USER_MAX)
  for (const other of firstToLeave(rest, 'replace_least_recent').slice(0, overall)) leaving.add(other)
  return { leaving: [...leaving], limit }
}

/** One device at a time: a first-party sign-in ends all other first-party sessions, never third-party apps. */
const isOtherDevice = (kind: Session['clientKind']) => (other: Session) =>
  kind === 'first_party' && other.clientKind === 'first_party'

function firstToLeave(sessions: readonly Session[], atLimit: AtLimit): readonly Session[] {
  // The log says which one is older: clocks of two isolates may differ.
  const inOrder = sessions.toSorted((a, b) => a.createdSeq - b.createdSeq)
  return atLimit === 'replace_oldest' ? inOrder : inOrder.sort((a, b) => lastActive(a) - lastActive(b))
}
