// What a process has used of the processors, as Linux counts it.
import { readdirSync, readFileSync } from 'node:fs'

/** The workerd that this process has started last. */
export function workerdPid(): number {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && isOwnWorkerd(pid))
  const pid = Math.max(...pids)
  if (!Number.isFinite(pid)) throw new Error('no workerd is running')
  return pid
}

function isOwnWorkerd(pid: number): boolean {
  try {
    const [, name, parent] = /\((.+)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return name === 'workerd' && Number(parent) === process.pid
  } catch {
    // It has ended.
    return false
  }
}

/** Seconds that all of its threads have run for, user and system. */
export function processorSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map(thread => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      return 0
    }
  })
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9
}
