// Whether a sign-in comes from a device that its user has signed in from before. A mark says "the same browser" or
// "the same kind of device in the same network": enough to spare a notice, never enough to trust anybody.

/** What one entry of the log says about devices. */
export interface DeviceTrace {
  readonly sessionId: string | null
  readonly reason: string | null
  /** Of a sign-in; empty for everything else. */
  readonly marks: readonly string[]
}

/** @param traces the newest entries of the log, newest first */
export function isKnownDevice(traces: readonly DeviceTrace[], marks: readonly string[]): boolean {
  const known = knownMarks(traces)
  return marks.some(mark => known.has(mark))
}

/** The sessions that began after this one and, as far as can be told, on its device. */
export function laterOnDevice(traces: readonly DeviceTrace[], sessionId: string): ReadonlySet<string | null> {
  const own = marksOfDevice(traces, sessionId)
  const later = traces.slice(
    0,
    traces.findLastIndex(each => each.sessionId === sessionId),
  )
  return new Set(later.filter(({ marks }) => marks.some(mark => own.has(mark))).map(each => each.sessionId))
}

/** A session that its holder disowned takes its device along: whoever comes back from there is announced again. */
function knownMarks(traces: readonly DeviceTrace[]): ReadonlySet<string> {
  const known = new Set<string>()
  for (const { sessionId, reason, marks } of traces.toReversed()) {
    if (reason === 'not_me') for (const mark of marksOfDevice(traces, sessionId)) known.delete(mark)
    for (const mark of marks) known.add(mark)
  }
  return known
}

/** The session's own marks, and those of every sign-in that shares one of them, directly or through others. */
function marksOfDevice(traces: readonly DeviceTrace[], sessionId: string | null): ReadonlySet<string> {
  const found = new Set(traces.flatMap(each => (each.sessionId === sessionId ? each.marks : [])))
  for (let size = -1; size < found.size; ) {
    size = found.size
    for (const { marks } of traces) {
      if (marks.some(mark => found.has(mark))) for (const mark of marks) found.add(mark)
    }
  }
  return found
}
