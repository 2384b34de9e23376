// WebSockets that outlive the sleep of the object that holds them: all that is known of one is its tag and its
// attachment. They only listen.

/** RFC 6455 §7.4: 1008 is policy violation, 4000 to 4999 are an application's own. */
const CLOSE = { refused: 1008, tooMany: 4003 } as const

interface Attachment<Facts> {
  readonly facts: Facts
  /** Counts the sockets of a tag, so that the oldest is known. */
  readonly nth: number
}

/** `ping` is answered `pong` without waking the object. */
export const answerPings = (ctx: DurableObjectState): void =>
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))

/** The client's end of a new socket. Of more than `atMost` with this tag the oldest gives way. */
export function acceptSocket<Facts>(
  ctx: DurableObjectState,
  tag: string,
  facts: Facts,
  atMost: number,
): WebSocket {
  const former = openSockets(ctx, tag).sort((a, b) => nthOf(a) - nthOf(b))
  const excess = Math.max(0, former.length + 1 - atMost)
  for (const socket of former.slice(0, excess)) socket.close(CLOSE.tooMany, 'too_many_sockets')
  const newest = former.at(-1)
  const nth = newest === undefined ? 0 : nthOf(newest) + 1
  const { 0: client, 1: server } = new WebSocketPair()
  ctx.acceptWebSocket(server, [tag])
  server.serializeAttachment({ facts, nth } satisfies Attachment<Facts>)
  return client
}

export const openSockets = (ctx: DurableObjectState, tag?: string): WebSocket[] =>
  ctx.getWebSockets(tag).filter(isOpen)

export const isOpen = (socket: WebSocket): boolean => socket.readyState === WebSocket.OPEN

/** What was said of it when it was accepted. */
export const factsOf = <Facts>(socket: WebSocket): Facts =>
  (socket.deserializeAttachment() as Attachment<Facts>).facts

const nthOf = (socket: WebSocket): number => (socket.deserializeAttachment() as Attachment<unknown>).nth

/** Nothing but `ping` is expected from a listener. */
export const refuseMessage = (socket: WebSocket): void =>
  socket.close(CLOSE.refused, 'nothing is expected here')
