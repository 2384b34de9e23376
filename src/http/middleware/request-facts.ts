// Who asks, from where, when: gathered once, from the server's clock and the platform's own headers only.
import type { MiddlewareHandler } from 'hono'
import type { Place } from '../../domain/session.ts'
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
  return async function gatherRequestFacts(c, next) {
    const parts = partsOf(c.env)
    const nowMs = clock() * 1_000
    c.set('parts', parts)
    c.set('facts', {
      now: Math.floor(nowMs / 1_000),
      nowMs,
      // Few requests ask for these.
      get clientIp() {
        return c.req.header('CF-Connecting-IP') ?? ''
      },
      get browserId() {
        return browserIdOf(c)
      },
      get device() {
        return parseDevice(c.req.header('User-Agent') ?? '')
      },
      get place() {
        return placeOf(c)
      },
      waitUntil: work => c.executionCtx.waitUntil(work),
    })
    sendRecordsTo(parts.figures.sinkAt(Math.floor(nowMs / 1_000)))
    watch(parts, c.get('facts'))
    await next()
  }
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
