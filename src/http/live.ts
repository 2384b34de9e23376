// What happens to the user's sessions, while it happens: a WebSocket, or the same as server-sent events. The user's
// object holds the sockets; here is decided who may listen.
import { operation } from '#operation'
import { openLiveSocket } from '../user/live-call.ts'
import type { LatchkeyEnv } from './context.ts'
import { eventStream } from './event-stream.ts'
import { isUpgrade, refuseHead } from './handshake.ts'
import { Hono } from './hono.ts'
import { requireListener } from './listener.ts'
import { wantsEventStream } from './negotiate.ts'
import { refuseGone } from './principal.ts'
import { Problem } from './problem.ts'

export const live = new Hono<LatchkeyEnv>()

live.get(
  '/v1/sessions/live',
  operation({
    summary: 'Changes to the user’s sessions as they happen: a WebSocket, or server-sent events',
    by: 'user',
    answers: { 101: null, 200: 'text/event-stream' },
    refusals: [405, 406],
  }),
  async c => {
    refuseHead(c)
    const { subprotocol, ...listener } = await requireListener(c)
    if (!isUpgrade(c) && !wantsEventStream(c)) {
      throw new Problem('not_acceptable', { detail: 'served as a WebSocket or as text/event-stream only' })
    }
    const { parts, facts } = c.var
    const webSocket = await openLiveSocket(parts.users, { ...listener, now: facts.now })
    if (webSocket === null) return refuseGone(c, requireListener)
    if (!isUpgrade(c)) return c.body(eventStream(webSocket), 200, { 'Content-Type': 'text/event-stream' })
    // A browser closes the socket unless the subprotocol that it offered is named (RFC 6455 §4.1).
    const headers = subprotocol === null ? {} : { 'Sec-WebSocket-Protocol': subprotocol }
    return new Response(null, { status: 101, webSocket, headers })
  },
)
