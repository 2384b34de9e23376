// What a virtual machine's host has kept from it: while others have the processors, milliseconds say nothing.
import { readFileSync } from 'node:fs'

/** Per cent of the time in which this machine had work that others had the processors, since the last call; null where nobody tells. */
export function createStolenMeter(): () => number | null {
  let last = read()
  return () => {
    const now = read()
    const share = shareOf(last, now)
    last = now
    return share === null ? null : Math.round(100 * share)
  }
}

const LOOKS_EVERY_MS = 250

/** For looking back at any moment while it runs. */
export interface StolenRecord {
  /** 0 … 1, in the time between, as `performance.now()` counts it; 0 where nobody tells. */
  between(fromMs: number, toMs: number): number
  stop(): void
}

export function recordStolen(): StolenRecord {
  const looks: { readonly atMs: number; readonly ticks: Ticks | null }[] = []
  const look = () => looks.push({ atMs: performance.now(), ticks: read() })
  look()
  const timer = setInterval(look, LOOKS_EVERY_MS)
  return {
    between(fromMs, toMs) {
      const from = looks.findLast(({ atMs }) => atMs <= fromMs) ?? looks.at(0)
      const to = looks.find(({ atMs }) => atMs >= toMs) ?? looks.at(-1)
      return shareOf(from?.ticks ?? null, to?.ticks ?? null) ?? 0
    },
    stop: () => clearInterval(timer),
  }
}

interface Ticks {
  readonly wanted: number
  readonly stolen: number
}

function shareOf(from: Ticks | null, to: Ticks | null): number | null {
  if (from === null || to === null) return null
  const wanted = to.wanted - from.wanted
  return wanted === 0 ? 0 : (to.stolen - from.stolen) / wanted
}

/** Since the machine began (proc(5), /proc/stat). */
function read(): Ticks | null {
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
