// When it is time to stop: Ctrl-C and its relatives, or the death of the npm that runs this.

/** Ctrl-C reaches npm and this process at once, and npm passes it on: repeats within this time are one request. */
const SAME_REQUEST_MS = 750
const PARENT_POLL_MS = 250

/** Resolves at the first request to stop; `force` is called when a signal follows. */
export function untilAskedToStop(force: () => void): Promise<void> {
  return new Promise(resolve => {
    let firstAt: number | null = null
    const onSignal = () => {
      if (firstAt === null) {
        firstAt = Date.now()
        resolve()
      } else if (Date.now() - firstAt > SAME_REQUEST_MS) force()
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
    // An npm that was killed outright passes nothing on. Without npm, a service may outlive the shell that started it.
    if (process.env.npm_lifecycle_event === undefined) return
    const parent = process.ppid
    setInterval(() => process.ppid !== parent && resolve(), PARENT_POLL_MS).unref()
  })
}
