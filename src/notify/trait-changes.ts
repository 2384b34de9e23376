// Cookies of browser sessions that come from a browser that does not look like the one that signed in: noted in the log,
// by ids alone. Whoever replays one can do so without end, so of a session's refusals in one window only the first,
// tenth, hundredth ... has a line.
import { TRAIT_CHANGES_WINDOW_SECONDS } from '../domain/limits.ts'
import { log } from '../log.ts'

export interface TraitChanges {
  note(session: { readonly userId: string; readonly id: string }, requestId: string, now: number): void
}

export function createTraitChanges(): TraitChanges {
  const counts = new Map<string, number>()
  let window = 0

  return {
    note({ userId, id }, requestId, now) {
      const current = Math.floor(now / TRAIT_CHANGES_WINDOW_SECONDS)
      if (current !== window) counts.clear()
      window = current
      const count = (counts.get(id) ?? 0) + 1
      counts.set(id, count)
      if (!Number.isInteger(Math.log10(count))) return
      const ids = { request_id: requestId, user_id: userId, session_id: id }
      log('warn', { event: 'session.traits_changed', ...ids, count })
    },
  }
}
