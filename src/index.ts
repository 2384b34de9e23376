// The Worker: fetch, scheduled, and the classes of its objects.
import { createApp, realPorts } from './app.ts'
import { keepHouse } from './housekeeping.ts'

export { RateLimiter } from './limits/rate-limiter.ts'
export { UserSessions } from './user/user-sessions.ts'

const app = createApp(realPorts)

export default {
  fetch: app.fetch,
  async scheduled(_controller, env): Promise<void> {
    await keepHouse(app.parts(env), realPorts.now())
  },
} satisfies ExportedHandler<Env>
