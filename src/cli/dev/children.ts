// Child processes, each the leader of its own process group, so that what they start can be ended with them.
// A watchdog outlives this process by a moment and ends the groups even when it was killed outright.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { PROJECT } from '../settings.ts'

const STOP_GRACE_MS = 5_000
const KILL_GRACE_MS = 1_000
const POLL_MS = 20

export interface Child {
  readonly pid: number
  /** How it ended, in words; settles once it is gone and its output was read. */
  readonly exited: Promise<string>
  readonly hasExited: () => boolean
}

export interface Children {
  /** Starts a Node script in a group of its own; every line of its output goes to `onLine`. */
  start(script: string, args: readonly string[], env: object, onLine: (line: string) => void): Child
  /** Ends every group: politely, then by force. */
  stopAll(): Promise<void>
  killAll(): void
}

export function createChildren(): Children {
  const groups = new Set<number>()
  let isStopping = false
  const watchdog = startWatchdog()
  const track = (change: () => void) => {
    change()
    watchdog.stdin?.write(`${[...groups].map(pid => -pid).join(' ')}\n`)
  }

  return {
    start(script, args, env, onLine) {
      if (isStopping) throw new Error('nothing is started any more')
      const child = spawn(process.execPath, [script, ...args], {
        cwd: PROJECT,
        env: { ...process.env, ...env },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const { pid } = child
      if (pid === undefined) throw new Error(`${script} could not be started`)
      track(() => groups.add(pid))
      for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', onLine)
      let isOver = false
      child.once('exit', () => {
        isOver = true
        // What the leader left behind goes too, before its number can mean anything else.
        signalGroup(pid, 'SIGKILL')
        track(() => groups.delete(pid))
      })
      const exited = new Promise<string>(resolve => {
        child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
      })
      return { pid, exited, hasExited: () => isOver }
    },

    async stopAll() {
      isStopping = true
      const all = [...groups]
      for (const pid of all) signalGroup(pid, 'SIGTERM')
      if (!(await areGone(all, STOP_GRACE_MS))) {
        for (const pid of all) signalGroup(pid, 'SIGKILL')
        await areGone(all, KILL_GRACE_MS)
      }
      watchdog.stdin?.end()
    },

    killAll() {
      for (const pid of groups) signalGroup(pid, 'SIGKILL')
      watchdog.stdin?.end()
    },
  }
}

/** Remembers the last line it was told, and kills those groups when its input ends, however that came about. */
function startWatchdog(): ChildProcess {
  const script = 'while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -s KILL -- $groups'
  const watchdog = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  watchdog.stdin.on('error', () => undefined)
  watchdog.unref()
  return watchdog
}

/** @returns false when nobody is left in the group */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

async function areGone(pids: readonly number[], withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (pids.some(pid => signalGroup(pid, 0))) {
    if (Date.now() > deadline) return false
    await sleep(POLL_MS)
  }
  return true
}
