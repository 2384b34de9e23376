// The Durable Object of one browser that waits for its sign-in: a doorbell. It keeps nothing, knows nothing and says
// nothing: whoever hears it asks, and the answer comes from the database. So a ring may be lost or come twice.
import { DurableObject } from 'cloudflare:workers'
import { WAITING_SOCKETS_PER_BROWSER } from '../domain/limits.ts'
import { acceptSocket, answerPings, openSockets, refuseMessage } from '../sockets/hibernating.ts'

const TAG = 'waiting'
const RING = JSON.stringify({ type: 'sign_in.changed' })

export class WaitingBrowser extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    answerPings(ctx)
  }

  /** Opens a socket (call.ts). */
  override fetch(): Response {
    const webSocket = acceptSocket(this.ctx, TAG, null, WAITING_SOCKETS_PER_BROWSER)
    return new Response(null, { status: 101, webSocket })
  }

  ring(): void {
    for (const socket of openSockets(this.ctx)) socket.send(RING)
  }

  override webSocketMessage(socket: WebSocket): void {
    refuseMessage(socket)
  }

  /** A sleeping object's sockets are not answered by the runtime: without this the other side waits for its timeout. */
  override webSocketClose(socket: WebSocket): void {
    socket.close()
  }
}
