// The Worker: fetch, scheduled, queue, and the classes of its objects.
import { createApp, realPorts } from './app.ts'
import type { EventMessage } from './domain/event-message.ts'
import { keepHouse } from './housekeeping.ts'
import { deliverEvents } from './notify/deliver-events.ts'

export { RateLimiter } from './limits/rate-limiter.ts'
export { UserSessions } from './user/user-sessions.ts'
export { WaitingBrowser } from './waiting/waiting-browser.ts'

const app = createApp(realPorts)

export default {
  fetch: app.fetch,
  async scheduled(_controller, env): Promise<void> {
    await keepHouse(app.parts(env), realPorts.now())
  },
  async queue({ messages }, env, context): Promise<void> {
    const now = realPorts.now()
    await deliverEvents(app.parts(env), messages, now, work => context.waitUntil(work))
  },
} satisfies ExportedHandler<Env, EventMessage>
