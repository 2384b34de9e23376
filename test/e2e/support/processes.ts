// Finds every process of one instance, however deep and whoever adopted it: all inherit its STATE_DIR.
import { readdirSync, readFileSync } from 'node:fs'

export interface Process {
  readonly pid: number
  readonly command: string
}

/** Reads /proc, so Linux only. */
export const processesOf = (stateDir: string): Process[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => readProc(pid, 'environ').split('\0').includes(`STATE_DIR=${stateDir}`))
    .map(pid => ({ pid: Number(pid), command: readProc(pid, 'cmdline').replaceAll('\0', ' ') }))

/** A process that has just ended reads as nothing. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
