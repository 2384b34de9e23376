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

/** A session that its holder disowned takes its marks along: whoever comes back from there is announced again. */
function knownMarks(traces: readonly DeviceTrace[]): ReadonlySet<string> {
  const known = new Set<string>()
  const marksOf = new Map<string | null, readonly string[]>()
  for (const { sessionId, reason, marks } of traces.toReversed()) {
    if (reason === 'not_me') for (const mark of marksOf.get(sessionId) ?? []) known.delete(mark)
    if (marks.length > 0) marksOf.set(sessionId, marks)
    for (const mark of marks) known.add(mark)
  }
  return known
}
