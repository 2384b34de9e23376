// The Worker: fetch, scheduled, queue, what resource Workers call, and the classes of its objects.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { createApp, realPorts } from './app.ts'
import type { EventMessage } from './domain/event-message.ts'
import { keepHouse } from './housekeeping.ts'
import { deliverEvents } from './notify/deliver-events.ts'
import { recordingAs, type SecurityRecord } from './records/record.ts'
import { type CallerProps, retirementsForCaller, verifyForCaller } from './rpc/verify-for-caller.ts'
import type { FeedAnswer } from './verifier/bounded-verifier.ts'
import type { FeedPosition } from './verifier/feed-position.ts'
import type { TokenService, VerifyAnswer, VerifyDemand } from './verifier/token-service.ts'

export { RateLimiter } from './limits/rate-limiter.ts'
export { UserSessions } from './user/user-sessions.ts'
export { WaitingBrowser } from './waiting/waiting-browser.ts'

const app = createApp(realPorts)
const nowInSeconds = () => Math.floor(realPorts.now())

/** `env.AUTH` of a resource Worker: a service binding to this entrypoint, with its client id as props. */
export class Verifier extends WorkerEntrypoint<Env, Partial<CallerProps>> implements TokenService {
  verify(token: string, demand: VerifyDemand = {}): Promise<VerifyAnswer> {
    const nowMs = realPorts.now() * 1_000
    const waitUntil = (work: Promise<unknown>) => this.ctx.waitUntil(work)
    const facts = { now: nowInSeconds(), nowMs, waitUntil }
    return verifyForCaller(app.parts(this.env), this.ctx.props, token, demand, facts)
  }

  retirements(after: FeedPosition): Promise<FeedAnswer | null> {
    return retirementsForCaller(app.parts(this.env), this.ctx.props, after, nowInSeconds())
  }
}

export default {
  fetch: app.fetch,
  async scheduled(_controller, env): Promise<void> {
    await keepHouse(app.parts(env), nowInSeconds())
  },
  async queue({ messages }, env, context): Promise<void> {
    const now = nowInSeconds()
    const parts = app.parts(env)
    const count = (entry: SecurityRecord) => parts.figures.add(entry, now)
    await recordingAs(null, 'system', count, () =>
      deliverEvents(parts, messages, now, work => context.waitUntil(work)),
    )
    parts.figures.flush(now, work => context.waitUntil(work))
  },
} satisfies ExportedHandler<Env, EventMessage>
