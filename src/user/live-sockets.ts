// The live sockets of a user. They outlive the object's sleep: all that is known of one is its tag, the session, and
// its attachment. They only listen, and only while their session is live in the database: what the object remembers
// of an end could be lost with an answer.
import type { Client } from '../domain/client.ts'
import { LIVE_SOCKETS_PER_SESSION } from '../domain/limits.ts'
import { log } from '../log.ts'
import type { LoggedEvent } from '../store/events.ts'
import { isTold, liveMessage } from './live-message.ts'

/** RFC 6455 §7.4: 1008 is policy violation, 1011 internal error, 4000 to 4999 are an application's own. */
const CLOSE = {
  refused: 1008,
  notTold: 1011,
  sessionEnded: 4001,
  credentialExpired: 4002,
  tooMany: 4003,
} as const

interface Attachment {
  readonly sessionId: string
  /** Seconds: when the credential that opened the socket runs out. */
  readonly until: number
  /** Counts the sockets of a session, so that the oldest is known. */
  readonly nth: number
}

interface LookUps {
  readonly findClient: (id: string, now: number) => Promise<Client | null>
  readonly listLiveIds: (userId: string, now: number) => Promise<ReadonlySet<string>>
}

export interface LiveSockets {
  /** @returns the client's end */
  accept(sessionId: string, until: number): WebSocket
  /** Returns at once and never throws; in the order of the calls. Whoever cannot be told is cut off, and so knows. */
  tell(userId: string, entries: readonly LoggedEvent[], now: number): void
}

export function createLiveSockets(
  ctx: DurableObjectState,
  { findClient, listLiveIds }: LookUps,
): LiveSockets {
  // Answered without waking the object.
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
  let telling: Promise<unknown> = Promise.resolve()

  const open = (sessionId?: string): WebSocket[] => ctx.getWebSockets(sessionId).filter(isOpen)

  async function tellAll(
    listeners: readonly WebSocket[],
    entries: readonly LoggedEvent[],
    live: ReadonlySet<string>,
    now: number,
  ): Promise<void> {
    const endedNow = new Map(
      entries.filter(({ type }) => type === 'session.ended').map(entry => [entry.sessionId, entry.reason]),
    )
    const dismiss = (mayStay: (sessionId: string) => boolean): void => {
      for (const socket of listeners.filter(isOpen)) {
        const { sessionId, until } = attachmentOf(socket)
        if (!mayStay(sessionId)) socket.close(CLOSE.sessionEnded, endedNow.get(sessionId) ?? '')
        else if (until <= now) socket.close(CLOSE.credentialExpired, 'token_expired')
      }
    }
    // A session that this very change has ended hears so first.
    dismiss(sessionId => live.has(sessionId) || endedNow.has(sessionId))
    for (const entry of entries) {
      const client = entry.clientId === null ? null : await findClient(entry.clientId, now).catch(() => null)
      const message = JSON.stringify(liveMessage(entry, client))
      for (const socket of listeners.filter(isOpen)) socket.send(message)
    }
    dismiss(sessionId => live.has(sessionId))
  }

  return {
    accept(sessionId, until) {
      const former = open(sessionId).sort((a, b) => attachmentOf(a).nth - attachmentOf(b).nth)
      const excess = Math.max(0, former.length + 1 - LIVE_SOCKETS_PER_SESSION)
      for (const socket of former.slice(0, excess)) socket.close(CLOSE.tooMany, 'too_many_sockets')
      const newest = former.at(-1)
      const nth = newest === undefined ? 0 : attachmentOf(newest).nth + 1
      const { 0: client, 1: server } = new WebSocketPair()
      ctx.acceptWebSocket(server, [sessionId])
      server.serializeAttachment({ sessionId, until, nth } satisfies Attachment)
      return client
    },
    tell(userId, entries, now) {
      const [told, listeners] = [entries.filter(isTold), open()]
      if (told.length === 0 || listeners.length === 0) return
      // Asked at once: who is live after this change, not after the next.
      telling = Promise.all([listLiveIds(userId, now), telling])
        .then(([live]) => tellAll(listeners, told, live, now))
        .catch(error => cutOff(listeners, error))
      ctx.waitUntil(telling)
    },
  }
}

/** Nothing but `ping` is expected from a listener. */
export const refuseMessage = (socket: WebSocket): void =>
  socket.close(CLOSE.refused, 'nothing is expected here')

function cutOff(listeners: readonly WebSocket[], error: unknown): void {
  log('error', { event: 'live.not_told', error: error instanceof Error ? error.name : 'unknown' })
  for (const socket of listeners.filter(isOpen)) socket.close(CLOSE.notTold, 'not_told')
}

const isOpen = (socket: WebSocket): boolean => socket.readyState === WebSocket.OPEN

const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment() as Attachment
