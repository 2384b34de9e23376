// The live channel as a page holds it open: messages as they come, and the close.
import { setTimeout as sleep } from 'node:timers/promises'

export interface LiveMessage {
  readonly type: string
  readonly session?: { readonly id: string }
}

export interface LiveSocket {
  /** The first message of that type about that session; null when it has not come in time. */
  next(type: string, sessionId: string): Promise<LiveMessage | null>
  /** Whether it was closed from the other side in time. */
  closed(): Promise<boolean>
  close(): void
}

const PATIENCE_MS = 10_000
const POLL_MS = 25

/** @param as a browser's cookies, or an access token as a subprotocol */
export async function openLiveSocket(
  origin: string,
  as: { readonly cookie: string } | { readonly accessToken: string },
): Promise<LiveSocket> {
  const url = `${origin.replace(/^http/, 'ws')}/v1/sessions/live`
  // Node's own takes headers, which no browser's does: there the cookie goes with the socket by itself.
  const options = 'cookie' in as ? { headers: as } : [`bearer.${as.accessToken}`]
  const socket = new WebSocket(url, options as string[])
  const messages: LiveMessage[] = []
  socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(String(data)) as LiveMessage))
  const until = async <Found>(find: () => Found | null): Promise<Found | null> => {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const found = find()
      if (found !== null || Date.now() > deadline) return found
      await sleep(POLL_MS)
    }
  }
  const opened = new Promise<boolean>(resolve => {
    socket.addEventListener('open', () => resolve(true))
    for (const end of ['close', 'error'] as const) socket.addEventListener(end, () => resolve(false))
  })
  if (!(await opened)) throw new Error('the live channel does not open')
  return {
    next: (type, sessionId) =>
      until(() => messages.find(each => each.type === type && each.session?.id === sessionId) ?? null),
    // The event would come with the end of the connection below it, some time after the close has been said.
    closed: async () => (await until(() => (socket.readyState === WebSocket.OPEN ? null : true))) ?? false,
    close: () => socket.close(),
  }
}
