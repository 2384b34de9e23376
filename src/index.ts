// The Worker: fetch, scheduled, queue, what resource Workers call, and the classes of its objects.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { createApp, realPorts } from './app.ts'
import type { EventMessage } from './domain/event-message.ts'
import { keepHouse } from './housekeeping.ts'
import { deliverEvents, giveUpEvents } from './notify/deliver-events.ts'
import { recordingAs } from './records/record.ts'
import { type CallerProps, retirementsForCaller, verifyForCaller } from './rpc/verify-for-caller.ts'
import type { Parts } from './sign-in/parts.ts'
import type { FeedAnswer } from './verifier/bounded-verifier.ts'
import type { FeedPosition } from './verifier/feed-position.ts'
import type { TokenService, VerifyAnswer, VerifyDemand } from './verifier/token-service.ts'

export { RateLimiter } from './limits/rate-limiter.ts'
export { UserSessions } from './user/user-sessions.ts'
export { WaitingBrowser } from './waiting/waiting-browser.ts'

const app = createApp(realPorts)
/** How the name of the queue ends that takes what the other gives up (wrangler.toml). */
const DEAD_LETTERS = '-dead'
const nowInSeconds = () => Math.floor(realPorts.now())

/** What is recorded outside of a request is counted too. */
async function recorded<T>(
  { figures }: Pick<Parts, 'figures'>,
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
  work: () => Promise<T>,
): Promise<T> {
  const result = await recordingAs(null, 'system', figures.sinkAt(now), work)
  figures.flush(now, waitUntil)
  return result
}

/** `env.AUTH` of a resource Worker: a service binding to this entrypoint, with its client id as props. */
export class Verifier extends WorkerEntrypoint<Env, Partial<CallerProps>> implements TokenService {
  verify(token: string, demand: VerifyDemand = {}): Promise<VerifyAnswer> {
    const nowMs = realPorts.now() * 1_000
    const waitUntil = (work: Promise<unknown>) => this.ctx.waitUntil(work)
    const facts = { now: nowInSeconds(), nowMs, waitUntil }
    const parts = app.parts(this.env)
    return recorded(parts, facts.now, waitUntil, () =>
      verifyForCaller(parts, this.ctx.props, token, demand, facts),
    )
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
  async queue({ queue, messages }, env, context): Promise<void> {
    const now = nowInSeconds()
    const parts = app.parts(env)
    const waitUntil = (work: Promise<unknown>) => context.waitUntil(work)
    const settle = queue.endsWith(DEAD_LETTERS) ? giveUpEvents : deliverEvents
    await recorded(parts, now, waitUntil, () => settle(parts, messages, now, waitUntil))
  },
} satisfies ExportedHandler<Env, EventMessage>
