// Cookies of browser sessions that come from a browser that does not look like the one that signed in: noted in the log,
// by ids alone. Whoever replays one can do so without end, so of a session's refusals in one window only the first,
// tenth, hundredth ... has a line.
import { TRAIT_CHANGES_WINDOW_SECONDS } from '../domain/limits.ts'
import { record } from '../records/record.ts'

export interface TraitChanges {
  note(session: { readonly userId: string; readonly id: string }, now: number): void
}

export function createTraitChanges(): TraitChanges {
  const counts = new Map<string, number>()
  let window = 0

  return {
    note({ userId, id }, now) {
      const current = Math.floor(now / TRAIT_CHANGES_WINDOW_SECONDS)
      if (current !== window) counts.clear()
      window = current
      const count = (counts.get(id) ?? 0) + 1
      counts.set(id, count)
      if (!Number.isInteger(Math.log10(count))) return
      record('session.traits_changed', { user_id: userId, session_id: id, count })
    },
  }
}
