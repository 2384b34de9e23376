// Listening as an app or a browser does: over a WebSocket, or to server-sent events.
import { expect } from 'vitest'
import type { Service } from './service.ts'

export interface LiveMessage {
  readonly seq: number
  readonly type: string
  readonly at: string
  readonly reason: string | null
  readonly by: unknown
  readonly session: {
    readonly id: string | null
    readonly client: { readonly id: string; readonly name: string; readonly kind: string | null }
    readonly device: unknown
    readonly place: unknown
  } | null
}

/** Sends a request as somebody: `service.request`, or a browser's `send`. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>
type Headers = Readonly<Record<string, string>>

export const LIVE = '/v1/sessions/live'
export const UPGRADE = { Upgrade: 'websocket' } as const
export const EVENT_STREAM = { Accept: 'text/event-stream' } as const

export const byHeader = (tokens: { access_token: string }) => ({
  Authorization: `Bearer ${tokens.access_token}`,
})
export const bySubprotocol = (tokens: { access_token: string }) => ({
  'Sec-WebSocket-Protocol': `bearer.${tokens.access_token}`,
})

export const handshake = (send: Send, headers: Headers = {}, path = LIVE): Promise<Response> =>
  send(path, { headers: { ...UPGRADE, ...headers } })

export interface Listening {
  readonly response: Response
  readonly socket: WebSocket
  /** As they came. */
  readonly texts: readonly string[]
  /** The next one that was not asked for yet. */
  readonly nextText: () => Promise<string>
  readonly next: () => Promise<LiveMessage>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

export async function listen(send: Send, headers: Headers = {}, path = LIVE): Promise<Listening> {
  const response = await handshake(send, headers, path)
  expect(response.status, response.webSocket === null ? await response.text() : '').toBe(101)
  const socket = response.webSocket as WebSocket
  const texts: string[] = []
  let arrived = () => {}
  let asked = 0
  socket.addEventListener('message', ({ data }) => {
    texts.push(String(data))
    arrived()
  })
  const closed = new Promise<{ code: number; reason: string }>(resolve =>
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason })),
  )
  socket.accept()
  const nextText = async (): Promise<string> => {
    const nth = asked++
    while (texts.length <= nth) {
      await new Promise<void>(resolve => {
        arrived = resolve
      })
    }
    return texts[nth] as string
  }
  return { response, socket, texts, closed, nextText, next: async () => JSON.parse(await nextText()) }
}

export interface Streaming {
  readonly response: Response
  /** The next block of lines, without the empty line that ends it; null once the stream has ended. */
  readonly next: () => Promise<string | null>
  readonly cancel: () => Promise<void>
}

export async function stream(send: Send, headers: Headers = {}): Promise<Streaming> {
  const response = await send(LIVE, { headers: { ...EVENT_STREAM, ...headers } })
  expect(response.status).toBe(200)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  return {
    response,
    async next() {
      while (!text.includes('\n\n')) {
        const { value, done } = await reader.read()
        if (done) return null
        text += decoder.decode(value, { stream: true })
      }
      const end = text.indexOf('\n\n')
      const block = text.slice(0, end)
      text = text.slice(end + 2)
      return block
    },
    cancel: () => reader.cancel(),
  }
}

/** Ends a session as its user, by a token. */
export const endSession = (service: Service, tokens: { access_token: string }, id: string) =>
  service.request(`/v1/sessions/${id}`, { method: 'DELETE', headers: byHeader(tokens) })
