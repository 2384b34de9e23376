// What is left in an isolate's heap each time that workerd has looked through all of it: what counts against its limit in the end.

export interface HeapWatch {
  /** Gets what workerd prints. */
  readonly onLine: (line: string) => void
  /** Megabytes, one figure for each time, by isolate; those since the last call of `forget`. */
  readonly left: ReadonlyMap<string, readonly number[]>
  forget(): void
  /** A workerd that is started from now on says nothing. */
  stop(): void
}

const COLLECTED = /^\[\d+:(0x[0-9a-f]+)\].* Mark-Compact .*?-> ([\d.]+)/

/** Has every workerd say so that is started from now on. */
export function watchHeap(): HeapWatch {
  process.env.MINIFLARE_WORKERD_V8_FLAGS = '--trace-gc'
  const left = new Map<string, readonly number[]>()
  return {
    onLine(line) {
      const [, isolate, megabytes] = COLLECTED.exec(line) ?? []
      if (isolate !== undefined) left.set(isolate, [...(left.get(isolate) ?? []), Number(megabytes)])
    },
    left,
    forget: () => left.clear(),
    stop: () => void delete process.env.MINIFLARE_WORKERD_V8_FLAGS,
  }
}
