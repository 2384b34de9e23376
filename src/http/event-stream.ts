// Server-sent events (WHATWG HTML §9.2) from a live socket: the same messages, for readers that have no WebSocket.
import { EVENT_STREAM_BEAT_MS } from '../domain/limits.ts'

/** Ends when the socket does; a reader that goes away closes the socket. */
export function eventStream(socket: WebSocket): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const over = new AbortController()
  return new ReadableStream({
    start(controller) {
      const write = (text: string) => controller.enqueue(encoder.encode(text))
      const end = () => {
        over.abort()
        controller.close()
      }
      const { signal } = over
      socket.addEventListener('message', ({ data }) => write(eventOf(String(data))), { signal })
      socket.addEventListener('close', end, { signal })
      socket.addEventListener('error', end, { signal })
      socket.accept()
      // Comments: the reader sees that the stream is open, and a proxy that it is still used.
      write(': open\n\n')
      const beat = setInterval(() => write(': open\n\n'), EVENT_STREAM_BEAT_MS)
      signal.addEventListener('abort', () => clearInterval(beat))
    },
    cancel() {
      over.abort()
      socket.close(1000)
    },
  })
}

/** One line of data: JSON escapes the line breaks inside its strings. */
function eventOf(message: string): string {
  const { type, seq } = JSON.parse(message) as { type: string; seq: number }
  return `event: ${type}\nid: ${seq}\ndata: ${message}\n\n`
}
