// A command that starts processes and runs until it is asked to stop: whatever happens, none of them is left behind.
import { type Children, createChildren } from './children.ts'
import { untilAskedToStop } from './signals.ts'

/** @param name stands before each line of its own @param start throws when it cannot go on */
export async function runUntilStopped(
  name: string,
  start: (children: Children, ending: AbortSignal) => Promise<never>,
): Promise<void> {
  // Whoever reads the output may go away: the service stays.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const children = createChildren()
  const stopping = new AbortController()
  const signal = untilAskedToStop(() => {
    children.killAll()
    process.exit(1)
  })
  console.log(`[${name}] starting …`)
  try {
    await Promise.race([start(children, stopping.signal), signal])
  } finally {
    console.log(`[${name}] stopping …`)
    stopping.abort()
    await children.stopAll()
    console.log(`[${name}] stopped`)
  }
}
