// What was used last, and no more of it than fits: a Map keeps the order in which it was filled, and whatever is used is
// put back at its end.

export interface Recent<Value> {
  find(key: string): Value | undefined
  remember(key: string, value: Value): void
  forget(key: string): void
}

/** @param onEvicted is told of what had to go for something else, not of what was forgotten */
export function createRecent<Value>(
  capacity: number,
  onEvicted: (value: Value) => void = () => {},
): Recent<Value> {
  const values = new Map<string, Value>()

  const evictOldest = (): void => {
    const oldest = values.entries().next()
    if (oldest.done) return
    const [key, value] = oldest.value
    values.delete(key)
    onEvicted(value)
  }

  return {
    find(key) {
      const found = values.get(key)
      if (found === undefined) return undefined
      values.delete(key)
      values.set(key, found)
      return found
    },
    remember(key, value) {
      values.delete(key)
      if (values.size >= capacity) evictOldest()
      values.set(key, value)
    },
    forget: key => void values.delete(key),
  }
}
