// The platform's cron, which nothing ticks on this machine: it retries mails and removes what has expired.
import { setTimeout as sleep } from 'node:timers/promises'

const TICK_MS = 5_000
const TICK_TIMEOUT_MS = 30_000

/** Ticks until `stopping` says so, one tick at a time. A tick that fails is followed by the next. */
export async function tickCron(port: number, stopping: AbortSignal): Promise<void> {
  const url = `http://127.0.0.1:${port}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`
  while (!stopping.aborted) {
    try {
      await sleep(TICK_MS, undefined, { signal: stopping })
      const response = await fetch(url, {
        signal: AbortSignal.any([stopping, AbortSignal.timeout(TICK_TIMEOUT_MS)]),
      })
      await response.arrayBuffer()
    } catch {
      // The Worker is being reloaded, or everything is ending.
    }
  }
}
