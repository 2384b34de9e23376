// What a virtual machine's host has kept from it: while others have the processors, milliseconds say nothing.
import { readFileSync } from 'node:fs'

/** Per cent of the time in which this machine had work that others had the processors, since the last call; null where nobody tells. */
export function createStolenMeter(): () => number | null {
  let last = read()
  return () => {
    const now = read()
    if (last === null || now === null) return null
    const [wanted, stolen] = [now.wanted - last.wanted, now.stolen - last.stolen]
    last = now
    return wanted === 0 ? 0 : Math.round((100 * stolen) / wanted)
  }
}

/** In ticks, since the machine began (proc(5), /proc/stat). */
function read(): { readonly wanted: number; readonly stolen: number } | null {
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = line
      .split(/ +/)
      .slice(1)
      .map(Number)
    return { wanted: user + nice + system + irq + softirq + stolen, stolen }
  } catch {
    return null
  }
}
