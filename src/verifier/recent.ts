// What was used last, and no more of it than fits. Whatever is used moves to the end of a ring, not of the Map: to delete and set
// the same key again and again leaves a gap for each time, which the next one has to walk past.

export interface Recent<Value> {
  find(key: string): Value | undefined
  remember(key: string, value: Value): void
  forget(key: string): void
}

interface Link {
  older: Link
  newer: Link
}

interface Entry<Value> extends Link {
  readonly key: string
  readonly value: Value
}

/** @param onEvicted is told of what had to go for something else, not of what was forgotten */
export function createRecent<Value>(
  capacity: number,
  onEvicted: (value: Value) => void = () => {},
): Recent<Value> {
  const entries = new Map<string, Entry<Value>>()
  // Before the oldest and after the newest.
  const ends = {} as Link
  ends.older = ends.newer = ends

  const append = (entry: Link): void => {
    entry.older = ends.older
    entry.newer = ends
    ends.older.newer = ends.older = entry
  }

  const takeOut = ({ older, newer }: Link): void => {
    older.newer = newer
    newer.older = older
  }

  const forget = (key: string): void => {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    takeOut(entry)
  }

  return {
    find(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      takeOut(entry)
      append(entry)
      return entry.value
    },
    remember(key, value) {
      forget(key)
      if (entries.size >= capacity && ends.newer !== ends) {
        const oldest = ends.newer as Entry<Value>
        forget(oldest.key)
        onEvicted(oldest.value)
      }
      const entry = { key, value, older: ends, newer: ends }
      append(entry)
      entries.set(key, entry)
    },
    forget,
  }
}
