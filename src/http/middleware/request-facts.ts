// Who asks, from where, when: gathered once, from the server's clock and the platform's own headers only.
import type { MiddlewareHandler } from 'hono'
import type { Device, Place } from '../../domain/session.ts'
import { overdueKey } from '../../notify/overdue-key.ts'
import { sendRecordsTo } from '../../records/record.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { RANDOM_SECRET_CHARS } from '../../tokens/random.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { readCookie } from '../cookies.ts'
import { parseDevice } from '../device.ts'

export function requestFacts(
  partsOf: (env: Env) => Parts,
  clock: () => number,
): MiddlewareHandler<LatchkeyEnv> {
  return function gatherRequestFacts(c, next) {
    const parts = partsOf(c.env)
    const facts = new Facts(c, clock() * 1_000)
    c.set('parts', parts)
    c.set('facts', facts)
    sendRecordsTo(parts.figures.sinkAt(facts.now))
    watch(parts, facts)
    return next()
  }
}

/** Not to be copied by `...`, which leaves out what few requests ask for. */
class Facts implements RequestFacts {
  readonly now: number
  readonly nowMs: number
  readonly #c: LatchkeyContext

  constructor(c: LatchkeyContext, nowMs: number) {
    this.now = Math.floor(nowMs / 1_000)
    this.nowMs = nowMs
    this.#c = c
  }

  get clientIp(): string {
    return this.#c.req.header('CF-Connecting-IP') ?? ''
  }

  get browserId(): string | null {
    return browserIdOf(this.#c)
  }

  get device(): Device {
    return parseDevice(this.#c.req.header('User-Agent') ?? '')
  }

  get place(): Place {
    return placeOf(this.#c)
  }

  readonly waitUntil = (work: Promise<unknown>): void => this.#c.executionCtx.waitUntil(work)
}

/** What cannot wait for cron: it may be what has failed. */
function watch({ alarms, keys }: Parts, { now, waitUntil }: RequestFacts): void {
  alarms.resume(now, waitUntil)
  const overdue = keys.takeOverdue(now)
  if (overdue !== null) alarms.raise(overdueKey(overdue), now, waitUntil)
}

function placeOf(c: LatchkeyContext): Place {
  const cf = c.req.raw.cf as { country?: unknown; city?: unknown } | undefined
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 100) : null)
  return { country: text(cf?.country), city: text(cf?.city) }
}

function browserIdOf(c: LatchkeyContext): string | null {
  const cookie = readCookie(c, 'browser')
  return cookie?.length === RANDOM_SECRET_CHARS ? cookie : null
}
