// The live channel as a page holds it open: messages as they come, and the close.

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
  let isClosed = false
  const changes = new EventTarget()
  const changed = () => changes.dispatchEvent(new Event('change'))
  socket.addEventListener('message', ({ data }) => {
    messages.push(JSON.parse(String(data)) as LiveMessage)
    changed()
  })
  for (const end of ['close', 'error'] as const) {
    socket.addEventListener(end, () => {
      isClosed = true
      changed()
    })
  }
  const until = async <Found>(find: () => Found | null): Promise<Found | null> => {
    const patience = AbortSignal.timeout(PATIENCE_MS)
    for (;;) {
      const found = find()
      if (found !== null || patience.aborted) return found
      await new Promise(resolve => {
        changes.addEventListener('change', resolve, { once: true })
        patience.addEventListener('abort', resolve, { once: true })
      })
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
    closed: async () => (await until(() => (isClosed ? true : null))) ?? false,
    close: () => socket.close(),
  }
}
